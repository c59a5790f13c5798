/** The audit log: append-only, a chain of hashes. */
export { openAuditLog, type AuditLog, type AuditPage, type AuditQuery } from './audit-log.ts'
export type { AuditedOrigin, AuditedPerson, AuditEntry, AuditRecord } from './entry.ts'
export { verifyAudit, verifyExport, type Anchor, type AuditFault, type Verification } from './verify.ts'
