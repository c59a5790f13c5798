/**
 * What happened: reads the one feed that engines write, as the list of runs, a run's timeline, the
 * specification's lifecycle CloudEvents and a live subscription. Writes nothing of that; keeps the log of each run.
 */
export { openHistory } from './open-history.ts'
export { openRunLogs, type RunLogLine, type RunLogPage, type RunLogs } from './run-logs.ts'
export type {
  FeedEvent,
  History,
  PinnedDefinition,
  RunPage,
  RunQuery,
  RunStatus,
  RunSummary,
  RunWait,
  Subscription,
  TaskRecord,
  Timeline,
} from './history.ts'
export { decodeItems, decodeRow, encodeItems, encodeRow, type FeedItem } from './feed.ts'
export { concealed, mapLeaves, mark, markPattern } from './marks.ts'
export {
  openAuditLog,
  verifyAudit,
  verifyExport,
  type Anchor,
  type AuditedOrigin,
  type AuditedPerson,
  type AuditEntry,
  type AuditFault,
  type AuditLog,
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
  type Verification,
} from './audit/index.ts'
