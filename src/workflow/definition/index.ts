/**
 * Definitions: what a pipeline's text means, checked before anything runs.
 * The types of the language; loading text into a definition with all its findings; the schema for editors.
 *
 * The interpreter takes `types.ts`, `task-kind.ts` and `enclosed.ts` by themselves, so that neither the YAML parser
 * nor the schema compiler comes into the deterministic sandbox with them.
 */
export { load, loadFunction, sourcePosition, type Loaded, type LoadOptions } from './load.ts'
export { workflowSchema } from './editor-schema.ts'
export { suggestion } from './validate/words.ts'
export type * from './types.ts'
