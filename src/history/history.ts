import type { Workflow } from '../workflow/definition/index.ts'
import type { CloudEvent, Json, Problem } from '../workflow/index.ts'

/** Reads what happened. Secrets show as `•••`. Errors carry a code of `errors.ts`. */
export interface History {
  /** Runs, newest first. */
  runs(query?: RunQuery): Promise<RunPage>

  /** One run; `SLUSE-RUN-NOT-FOUND` where there is none. */
  run(id: string): Promise<RunSummary>

  /**
   * One run with all its tasks in the order in which they started; `SLUSE-RUN-NOT-FOUND`. Without `values` the tasks
   * come without input and output: for a run of many tasks.
   */
  timeline(id: string, options?: { values?: boolean }): Promise<Timeline>

  /** One task of a run, by its key; `SLUSE-RUN-NOT-FOUND`, `SLUSE-TASK-NOT-FOUND`. */
  task(id: string, key: string): Promise<TaskRecord>

  /** The events that a run took, by their cursors in the inbox; at most 1000. `SLUSE-RUN-NOT-FOUND`. */
  consumed(id: string): Promise<ConsumedEvents>

  /** The definition that a run is pinned to; `SLUSE-RUN-NOT-FOUND`. */
  definition(id: string): Promise<PinnedDefinition>

  /** The lifecycle CloudEvents of one run so far, in order (dsl-reference.md, "Lifecycle Events"). */
  lifecycle(id: string): AsyncIterable<CloudEvent>

  /** Lifecycle events as they happen, none missed and none repeated. Ends when `signal` aborts. */
  subscribe(subscription?: Subscription): AsyncIterable<FeedEvent>
}

/** The specification's status phases (dsl.md, "Status Phases"). */
export type RunStatus =
  'pending' | 'running' | 'waiting' | 'suspended' | 'cancelled' | 'faulted' | 'completed'

export interface RunQuery {
  status?: readonly RunStatus[]
  namespace?: string
  /** Only in these. */
  namespaces?: readonly string[]
  name?: string
  version?: string
  /** Runs that started at or after this, ISO 8601. */
  from?: string
  /** Runs that started before this, ISO 8601. */
  to?: string
  /** Found in the id, the definition's name, a label or the error. */
  text?: string
  /** The key that they were started with, or the value by which one that waits on disk tells its event from others. */
  correlation?: string
  /** Only those that make no progress and that nothing will move. */
  stuck?: boolean
  /** Children of this run. */
  parent?: string
  /** `RunPage.next` of the page before. */
  cursor?: string
  /** 1 to 500, default 50. */
  limit?: number
}

export interface RunPage {
  runs: RunSummary[]
  /** Where the next page begins; absent on the last one. */
  next?: string
}

export interface RunSummary {
  id: string
  definition: { namespace: string; name: string; version: string }
  status: RunStatus
  /** ISO 8601, as all times here. */
  startedAt: string
  endedAt?: string
  /** Who or what started it: a user, `schedule`, `event`. */
  by?: string
  parent?: string
  rerunOf?: string
  labels: { [name: string]: string }
  error?: Problem
  /** Of a run that makes no progress and that nothing will move: since when and why. */
  stuck?: { since: string; reason: string; detail: string }
  /** Of one run that was asked for and waits on disk: for what, up to twenty of them. */
  waitsFor?: RunWait[]
}

export interface RunWait {
  /** The task's key. */
  key: string
  kind: 'time' | 'event' | 'run' | 'target'
  /** For a time: ISO 8601. */
  until?: string
  /** For an event: its type. */
  type?: string
  /** For a target system that is down, held or busy: its key. */
  target?: string
}

export interface Timeline {
  run: RunSummary
  input: Json
  output?: Json
  tasks: TaskRecord[]
}

/** Without `key` the event started the run; else it is the key of the effect that waited for it. */
export type ConsumedEvents = readonly { readonly key?: string; readonly cursor: string }[]

export interface PinnedDefinition {
  reference: { namespace: string; name: string; version: string }
  /** As it was written. */
  text: string
  workflow: Workflow
  /** Within the project. */
  file?: string
}

export interface TaskRecord {
  /** JSON pointer in the definition. */
  task: string
  /** The same with the iteration path; what `rerun({ from })` takes. */
  key: string
  status: Exclude<RunStatus, 'waiting'>
  createdAt: string
  startedAt?: string
  endedAt?: string
  input?: Json
  output?: Json
  error?: Problem
  /** Retries so far. */
  retries: number
  /** When each of them was, ISO 8601. */
  retriedAt?: string[]
}

export interface Subscription {
  /** The cursor of the last event seen; the beginning of all that is kept: `0`. Default: from now on. */
  from?: string
  /** Only this run. */
  run?: string
  /** Only runs of this definition. */
  namespace?: string
  name?: string
  /** Only in these namespaces. */
  namespaces?: readonly string[]
  signal?: AbortSignal
}

export interface FeedEvent {
  /** Give it as `from` to go on after this event. */
  cursor: string
  run: string
  event: CloudEvent
}
