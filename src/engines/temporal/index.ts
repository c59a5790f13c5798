/** The engine for those who outgrow one machine: runs are carried out by workers of a Temporal server, any number of them. */
export { examineTemporal } from './examine.ts'
export { openTemporalEngine } from './open.ts'
export type {
  TemporalEngine,
  TemporalEngineOptions,
  TemporalHealth,
  TemporalServerSettings,
  TemporalSettings,
} from './options.ts'
