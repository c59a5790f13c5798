import type { ActivityCall } from './activity.ts'
import type { CloudEvent, EventFilter } from './events.ts'
import type { Json } from './json.ts'
import type { LifecycleReport } from './lifecycle.ts'
import type { Scope } from './scope.ts'

/**
 * What the interpreter may ask of the world, and nothing else. Each engine implements it.
 *
 * Promises to the interpreter
 * - An effect (`activity`, `sleep`, `event`, `child`) runs at least once; its result is recorded once, and a
 *   replay is given that result without running it again.
 * - Results are delivered one at a time, each only when everything that followed from the one before has come
 *   to rest, and on replay in the order in which they were first delivered. So whichever of two branches
 *   finished first finishes first again.
 * - When `scope` is cancelled, what is pending under it is interrupted and its promise rejects with the
 *   scope's `Cancelled`; a result that comes later is dropped.
 *
 * Promises of the interpreter
 * - It is deterministic: no clock, chance or I/O but through this port; only promises, no timers.
 * - A key names one effect of one run: the task's place in the definition plus its iteration path, never a
 *   running number, e.g. `/do/1/perRow[3]/do/0/send`. No two effects of a run share one.
 * - After 1,000 tasks without an effect it asks for a `sleep` until now, so that the engine gets to breathe.
 *
 * How keys are made
 * - A task's key is its JSON pointer with: `perRow[3]` for a pass of a `for`, `try[1]` for a retry,
 *   `foreach[2]` for an item of a subscription, `poll#2` where a jump leads to a task again.
 * - Tasks of an extension are under `/before/{extension}` and `/after/{extension}` of the extended task's key,
 *   those of a function under `/call/{function}` of the calling task's.
 * - A task's main effect has the task's key. Others have a part after it: `/timeout`, `/try[1]/delay`,
 *   `/try[1]/timeout`, `/event[0]`, `/message[0]`, `/decided[0]`, `/look[1]`, `/function`, `/authorization`, `/breath`, and for a schema that
 *   is fetched `/input/schema`, `/output/schema`, `/export/schema`. The workflow's own are the same without a task.
 */
export interface DurableContext {
  /** Milliseconds since 1970, UTC: when the result that was delivered last was recorded. The same on replay. */
  now(): number

  /** A UUID that is the same each time the same run asks with the same key. */
  uuid(key: string): string

  /** Runs an effect. Rejects with a `WorkflowFault` where it fails. */
  activity(key: string, call: ActivityCall, scope: Scope): Promise<Json>

  /** Resolves at `until` (milliseconds since 1970, UTC), at once where that has passed. */
  sleep(key: string, until: number, scope: Scope): Promise<void>

  /**
   * Waits for the next CloudEvent that any of the filters matches (see `matches` in `events.ts`).
   * Events are consumed in the order in which they were received; one run never gets the same event twice.
   */
  event(key: string, filters: readonly EventFilter[], scope: Scope): Promise<ConsumedEvent>

  /**
   * Starts a run of another definition. With `wait` it resolves with that run's output, or rejects with the
   * fault that it ended with; without, it resolves with `null` once the run is durable.
   * Cancelling `scope` cancels a run that is waited for.
   */
  child(key: string, child: ChildRun, scope: Scope): Promise<Json>

  /**
   * Tells what happens, for the feed of lifecycle events. Recorded with the next commit of the run;
   * not recorded again on replay. Never blocks, never fails.
   */
  report(event: LifecycleReport): void
}

export interface ConsumedEvent {
  readonly event: CloudEvent
  /** The index of the first of the given filters that matched. */
  readonly filter: number
}

export interface ChildRun {
  readonly namespace: string
  readonly name: string
  /** A version, or `latest`: the highest deployed when the child starts. The child is pinned to what it found. */
  readonly version: string
  readonly input: Json
  readonly wait: boolean
}
