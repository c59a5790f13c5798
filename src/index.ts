/**
 * Sluse as a library: what one needs to check definitions and to run them in a program of one's own.
 */
export { openApp, runOnce, type App, type AppOptions, type RunOnce, type RunOnceOptions } from './app.ts'
export { createLog, readSettings, type Log, type Settings } from './config/index.ts'
export type { Engine, Outcome, StartRequest, StartedRun } from './engines/index.ts'
export { errorTable, hasCode, SluseError, type ErrorCode } from './errors.ts'
export type { History, RunQuery, RunSummary, Timeline } from './history/index.ts'
export { readProject, type Project } from './project/index.ts'
export { createServer } from './server/index.ts'
export { load, workflowSchema, type Definition, type Finding } from './workflow/definition/index.ts'
export type { CloudEvent, Json, Problem } from './workflow/index.ts'
