import type { HttpClient } from '../http/index.ts'
import type { Json, JsonObject, Problem } from '../workflow/index.ts'

/**
 * Functions of the catalog, in whatever language they are written: the one way by which workflows and transfers use
 * them. How each is run is its `function.yaml`'s affair, and makes no difference here.
 */
export interface Functions {
  /**
   * Gives each record to the function. `outcomes[i]` is what became of `records[i]`, in whatever order the function
   * was at them. Input and output are held to the function's schemas; a record that is refused, by them or by the
   * function, or that the function fails on, is an outcome. Rejects with a `WorkflowFault` where the function itself
   * cannot be run (there is none, its service is down): then no record was at fault, and the batch may be given
   * again. Rejects with the signal's reason once that aborts. A record may reach the function more than once.
   */
  call(
    reference: FunctionReference,
    records: readonly Json[],
    context: FunctionContext,
  ): Promise<readonly Outcome[]>

  /**
   * What a workflow's task does: one value to the function as `task` describes it, and its answer. The task's own
   * data flow, schemas included, is the interpreter's. Rejects with a `WorkflowFault` also where the value is refused.
   */
  invoke(task: FunctionTask, value: Json, context: FunctionContext): Promise<Json>

  /**
   * Starts the function once with nothing to do. Tells why it cannot be run, where that is seen by it: a fault of its
   * source, what it needs and is not there. Rejects where its `function.yaml` is wrong.
   */
  trial(reference: FunctionReference, context: FunctionContext): Promise<string | undefined>

  /** Ends every process that worked for this run. */
  endRun(runId: string): Promise<void>

  /**
   * The files of functions have changed: what is kept of them for all runs is not used again, and ends once it has
   * done what it is at.
   */
  renew(): Promise<void>

  /** Takes no more work and ends everything. */
  close(): Promise<void>
}

/** `name:version@catalog`; without a catalog the project's own `functions/`. */
export interface FunctionReference {
  readonly name: string
  readonly version: string
  readonly catalog?: string
}

/** A `function.yaml` as JSON, and where it is from: a catalog, an address, or the workflow itself. */
export interface FunctionTask {
  readonly definition: JsonObject
  readonly reference?: FunctionReference
  readonly address?: string
}

/** On whose behalf a function is called. */
export interface FunctionContext {
  readonly runId: string
  /** The effect within the run: names the span of its trace, and with `runId` the call, for ever. */
  readonly key: string
  /** Values by name: the function gets of them what its `function.yaml` declares. */
  readonly secrets: { readonly [name: string]: Json }
  readonly signal: AbortSignal
  /** The outgoing client under the project's policies. Default: the one that `openFunctions` was given. */
  readonly http?: HttpClient
}

/** What became of one record: one or many in its place, none, or why it was refused. */
export type Outcome = { readonly records: readonly Json[] } | { readonly refused: Problem }
