/**
 * What runs inside Temporal's deterministic sandbox: one type of workflow, which interprets any pipeline. It is bundled
 * ahead of time, with all that it imports.
 */
import './shared.ts'

export { run } from './run.ts'
export { detached } from './detached.ts'
