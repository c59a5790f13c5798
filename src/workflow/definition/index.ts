/**
 * Definitions: what a pipeline's text means, checked before anything runs.
 * The types of the language; loading text into a definition with all its findings; the schema for editors.
 */
export { callKind, isCall, taskKind, taskKinds, type CallKind, type TaskKind } from './task-kind.ts'
export type * from './types.ts'
export { enclosed, expressionOf } from './enclosed.ts'
export { load, loadFunction, sourcePosition, type Loaded, type LoadOptions } from './load.ts'
export { workflowSchema } from './editor-schema.ts'
