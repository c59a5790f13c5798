import type { Statement } from '../database/index.ts'
import type { CloudEvent, Json, OnFailure, Problem } from '../workflow/index.ts'
import type { Definition } from '../workflow/definition/index.ts'

/**
 * An engine runs pipelines durably. Everything above (server, CLI, approvals, transfers) speaks to this port;
 * `embedded/` implements it in this process, `temporal/` on a cluster.
 * Every promise resolves only once what it stands for is durable. Errors carry a code of `errors.ts`.
 */
export interface Engine {
  /**
   * Whether the `record` of a start, a rerun and a command is written in one transaction with it: both are there, or
   * neither. An engine that cannot says `false` and writes none of them: whoever asks then writes before what is
   * intended, and afterwards how it went. The `record` of `deploy`, `undeploy` and `publish` every engine writes so.
   */
  readonly recordsAtOnce: boolean

  /**
   * Makes these definitions startable and their schedules run; the same text twice changes nothing. `record` is asked
   * for each that does change.
   */
  deploy(
    definitions: readonly Definition[],
    record?: (definition: Definition) => readonly Statement[],
  ): Promise<void>

  /** Takes a definition's schedule away and refuses new runs of it; runs under way go on. */
  undeploy(reference: DefinitionReference, record?: readonly Statement[]): Promise<void>

  /**
   * Nothing starts a run of a pipeline that is disabled, whatever the version: a start is refused with
   * `SLUSE-PIPELINE-DISABLED`, its schedules stand still, and events that would start it wait in the inbox. Runs under
   * way go on. `record` is written in the same transaction. It is a row of `disabled_pipelines`.
   */
  setEnabled(pipeline: PipelineName, enabled: boolean, change?: EnabledChange): Promise<void>

  start(request: StartRequest): Promise<StartedRun>

  /** Resolves when the run has ended, however. */
  outcome(runId: string): Promise<Outcome>

  cancel(runId: string, by?: string, record?: readonly Statement[]): Promise<void>
  suspend(runId: string, by?: string, record?: readonly Statement[]): Promise<void>
  resume(runId: string, by?: string, record?: readonly Statement[]): Promise<void>
  rerun(runId: string, request: RerunRequest): Promise<StartedRun>

  /**
   * Accepts events: they wake the runs that wait for them and start the pipelines scheduled on them.
   * An event with the `source` and `id` of one accepted before is not handled again. `record` is written in the same
   * transaction: where it cannot be, nothing is accepted.
   */
  publish(events: readonly CloudEvent[], record?: readonly Statement[]): Promise<readonly PublishReceipt[]>

  /** Takes no new work, lets what is under way finish or come to a durable rest within `graceMs`, and closes. */
  close(graceMs?: number): Promise<void>
}

export interface DefinitionReference {
  namespace: string
  name: string
  /** Semantic version, or `latest`. */
  version: string
}

export type PipelineName = Pick<DefinitionReference, 'namespace' | 'name'>

export interface EnabledChange {
  by?: string
  record?: readonly Statement[]
}

export interface StartRequest {
  /** What to run: a deployed definition by reference, or one given here and pinned to the run. */
  definition: DefinitionReference | Definition
  input?: Json
  /** The same key twice starts one run; the second answer is the first run, with `existing: true`. */
  idempotencyKey?: string
  /** Who or what started it: a user, `schedule`, `event`. For the record only. */
  by?: string
  /** What is to be written in the run's first transaction, given its id. */
  record?: (id: string) => readonly Statement[]
}

export interface StartedRun {
  id: string
  existing: boolean
}

export interface RerunRequest {
  /** The key (or JSON pointer) of the task to begin with; without it the run begins anew. */
  from?: string
  /** Raw input of that task, or of the run where `from` is not given; without it the recorded one. */
  input?: Json
  /** Which definition: the one that the run is pinned to (default), or the newest deployed. */
  definition?: 'original' | 'newest'
  by?: string
  /** What is to be written in the new run's first transaction, given its id. */
  record?: (id: string) => readonly Statement[]
}

export type Outcome =
  { status: 'completed'; output: Json } | { status: 'faulted'; error: Problem } | { status: 'cancelled' }

export interface PublishReceipt {
  source: string
  id: string
  /** True where the same event had been accepted before. */
  duplicate: boolean
}

/**
 * Carries out activities: the engine calls it, `activities/` implements it. It must end soon after `signal`
 * aborts. Failure is a thrown `WorkflowFault`; `Postponed` is not now; anything else thrown is taken as a
 * `runtime` error.
 */
export type ActivityRunner = (activity: ActivityRequest) => Promise<Json>

export interface ActivityRequest {
  kind: string
  input: Json
  /** The same for every attempt at this effect of this run: send it where the target can deduplicate. */
  idempotencyKey: string
  /** How many attempts have failed so far: 0, or what the last `Postponed` said. */
  attempt: number
  runId: string
  /** Key of the effect within the run. */
  key: string
  /** Values of the run's secrets by name. */
  secrets: { readonly [name: string]: Json }
  signal: AbortSignal
  /** What the pipeline does about a failure to communicate. */
  onFailure?: OnFailure
  /**
   * `then` is called once the result of this activity is durable, and never where it does not come to that: for what
   * may only then be let go of, such as a broker's message. An engine that cannot tell leaves it out.
   */
  whenRecorded?(then: () => void): void
}

/** Gives the values of the named secrets; one that does not exist is left out. */
export type SecretStore = (names: readonly string[]) => Promise<{ [name: string]: Json }>
