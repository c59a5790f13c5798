/**
 * Processes of this machine, for all that starts some: with nothing of the server's environment, in a
 * folder of their own, bounded in time, output and memory, and ended whole: children too, and when the server dies.
 */
export { environmentOf, findCommand, searchPath } from './environment.ts'
export {
  asText,
  readEnvironment,
  readProcess,
  returned,
  type ProcessInput,
  type ReturnKind,
} from './input.ts'
export { watchMemory } from './process-table.ts'
export { runProcess, type ProcessRequest, type ProcessResult } from './run-process.ts'
export { processLimits, type ProcessLimits, type ProcessSettings } from './settings.ts'
export { startProcess, type StartedProcess } from './start-process.ts'
