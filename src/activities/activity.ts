import type { ActivityRequest } from '../engines/engine.ts'
import type { FunctionOptions } from '../functions/index.ts'
import type { HttpClient, HttpSettings } from '../http/index.ts'
import type { Guard } from '../resilience/index.ts'
import type { Json } from '../workflow/index.ts'
import type { ProcessSettings } from '../processes/index.ts'
import type { Guarded } from './guarded.ts'

/**
 * One kind of effect that a task can ask for. A folder of `activities/` exports one `ActivityFactory`;
 * inputs and results of all kinds are listed in `workflow/activity.ts`.
 */
export interface Activity {
  /** The kind, as `ActivityRequest.kind` has it: `http`, `openapi`, `shell`, ... */
  readonly name: string

  /**
   * Carries the effect out, at least once: the same `context.idempotencyKey` may come again after a crash.
   * `input` comes from a definition and its data: check it, and throw `fault('configuration', ...)` or
   * `fault('validation', ...)` where it does not fit. Throws a `WorkflowFault` on failure, and ends soon after
   * `context.signal` aborts (what it then throws is of no matter).
   */
  run(input: Json, context: ActivityContext): Promise<Json>

  /** Lets go of what is kept between runs of it: connections, processes, caches. */
  close?(): Promise<void>
}

/** What an activity gets beside its input: the request's identity and secrets, and the shared outgoing client. */
export interface ActivityContext extends Omit<ActivityRequest, 'kind' | 'input'> {
  /** For every HTTP request and every authentication policy; never use `fetch` directly. */
  readonly http: HttpClient
  /** For every other call to a system, each by itself: its timeout, retries, breaker and limits. */
  readonly guarded: Guarded
}

/** Called once for a runner. Keep what it needs of `options` and any cache in its closure. */
export type ActivityFactory = (options: ActivityOptions) => Activity

export interface ActivityOptions {
  /** The project's folder (absolute): root of `file:` resources and of the default catalog. */
  readonly projectFolder?: string
  /** Where the data lies (absolute, `SLUSE_DATA`): downloads go to `files/` in it. */
  readonly dataFolder: string
  readonly http?: HttpSettings
  /** The policies of outgoing calls; whoever opens an app gives one. Default: none, beyond the client's own limits. */
  readonly guard?: Guard
  /** Bounds of the processes that shells, scripts and MCP servers are. */
  readonly processes?: ProcessSettings
  /** Bounds of the functions that go on between calls: see `FunctionOptions`. */
  readonly functions?: Pick<FunctionOptions, 'limits' | 'maxProcesses' | 'idleMs'>
  /** Folder (absolute) or http(s) address of catalogs by name; `default` is the project's folder unless given. */
  readonly catalogs?: { readonly [name: string]: string }
  /** See `FunctionOptions`. */
  readonly functionFolders?: ReadonlyMap<string, string>
  /** One line of a log: never a secret. Default: nothing is logged. */
  readonly log?: (level: 'info' | 'warn' | 'error', message: string, data?: { [key: string]: Json }) => void
}
