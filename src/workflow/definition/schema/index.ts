/**
 * The declarations of the language: one file per task type and per building block, each JSON Schema as data.
 * Types, validation, the schema for editors and the reference page all come from here.
 */
export { builtinCalls, callTask } from './call.ts'
export { doTask } from './do.ts'
export { emitTask } from './emit.ts'
export { forTask } from './for.ts'
export { forkTask } from './fork.ts'
export { listenTask } from './listen.ts'
export { raiseTask } from './raise.ts'
export { runTask } from './run.ts'
export { setTask } from './set.ts'
export { switchTask } from './switch.ts'
export { tryTask } from './try.ts'
export { waitTask } from './wait.ts'
export { workflow } from './workflow.ts'
export type { Declaration, ReferenceTarget, Role, Stage } from './vocabulary.ts'
