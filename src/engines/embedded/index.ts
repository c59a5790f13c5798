/**
 * The engine in this process: runs are coroutines, what must last is in the database, commits are shared.
 */
export { systemClock, type Clock } from '../records/clock.ts'
export { openEmbeddedEngine } from './open.ts'
export type {
  EmbeddedEngine,
  EmbeddedEngineOptions,
  EngineHealth,
  Gatekeeper,
  Interpret,
  Log,
} from './options.ts'
export type { EmbeddedSettings } from './settings.ts'
