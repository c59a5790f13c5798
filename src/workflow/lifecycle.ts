import type { Json } from './json.ts'
import type { Problem } from './problem.ts'

/**
 * What the interpreter tells of a run as it goes. Engines record these with the journal, in one transaction;
 * `history/` turns them into the specification's lifecycle CloudEvents (dsl.md, "Lifecycle Events").
 *
 * A task that is skipped (its `if` does not hold) is not told of; one that a parked run leaves is neither.
 * `task` is the JSON pointer in the definition; `key` adds the iteration path, so that the third pass of a
 * loop can be told from the second.
 */
export type LifecycleReport =
  | { kind: 'workflow.started' }
  | { kind: 'workflow.completed'; output: Json }
  | { kind: 'workflow.faulted'; error: Problem }
  | { kind: 'workflow.cancelled' }
  | { kind: 'workflow.suspended' }
  | { kind: 'workflow.resumed' }
  | { kind: 'workflow.correlation-started' }
  | { kind: 'workflow.correlation-completed'; correlationKeys?: { [name: string]: Json } }
  | ({ kind: 'task.created' } & TaskPlace)
  /** `input` is the task's raw input. */
  | ({ kind: 'task.started'; input: Json } & TaskPlace)
  | ({ kind: 'task.completed'; output: Json } & TaskPlace)
  | ({ kind: 'task.faulted'; error: Problem } & TaskPlace)
  | ({ kind: 'task.cancelled' } & TaskPlace)
  | ({ kind: 'task.suspended' } & TaskPlace)
  | ({ kind: 'task.resumed' } & TaskPlace)
  | ({ kind: 'task.retried'; attempt: number } & TaskPlace)

export interface TaskPlace {
  /** JSON pointer in the definition, e.g. `/do/0/perRow/do/1/send`. */
  task: string
  /** The same with the iteration path, e.g. `/do/0/perRow[3]/do/1/send`. */
  key: string
}
