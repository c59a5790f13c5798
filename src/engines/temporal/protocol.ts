import type { Statement } from '../../database/index.ts'
import type { FeedItem, RunStatus } from '../../history/index.ts'
import type { Workflow } from '../../workflow/definition/index.ts'
import type { ActivityCall, ChildRun, EventFilter, Json, Problem } from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'
import type { FoundEvent } from '../run/host.ts'
import type { RunRow } from '../run/run-row.ts'
import type { Unit } from '../run/unit.ts'

/**
 * What the sandbox and the world outside say to each other. All of it is data, and lies encrypted in Temporal's
 * history (`codec.ts`); what is large lies in the database (`payload-store.ts`).
 */
export interface RecordActivities {
  /** From here on only this workflow writes of the run. With `carriesOn` it may have been carried on already. */
  setOut(run: number, carriesOn: boolean): Promise<SetOut>
  /**
   * Makes batches durable, each once. Gives how the run has ended where it has. Fails with `superseded` where another
   * execution has taken the run over.
   */
  commit(place: Place, batches: readonly Batch[]): Promise<RunStatus | undefined>
  /** Takes the run back from an activity that was handed it, wherever that has come to. */
  takeBack(over: HandedOver): Promise<Ahead>
  /**
   * One batch, unless the database refuses it for what is in it: then nothing is written, and this is why. Gives how the run
   * has ended where it had: then nothing is written either, unless it was before.
   */
  commitAlone(place: Place, batch: Batch): Promise<Refusal | { readonly over: RunStatus } | undefined>
  /** The next event for a run, and how far the inbox has been looked through. */
  next(question: Question): Promise<Answer>
  /** Makes the child durable and sets it going, once; finds it where that was done before. */
  beginChild(parent: number, key: string, child: ChildRun): Promise<ChildState>
  childOutcome(child: number): Promise<Outcome>
}

export interface EffectActivities {
  perform(request: EffectRequest): Promise<Performed>
  /** Waits for an effect that this process has under way; `undefined` where it has not. */
  endUnfinished(run: number, key: string): Promise<Performed | undefined>
  /** Carries the run on from its records, where that is one effect after the other. */
  goAhead(over: HandedOver): Promise<Ahead>
  /** Carries out what nobody waits for. */
  performDetached(run: number, key: string): Promise<Performed>
}

/** How a run stands that a workflow has taken up. */
export type SetOut =
  | { readonly is: 'loaded'; readonly loaded: Loaded }
  | { readonly is: 'over'; readonly ended: Ended }
  /** Another one has taken it up meanwhile, or this process ends: the workflow is to begin anew. */
  | { readonly is: 'lost' }
  | { readonly is: 'gone' }

/** A run that has ended, and that is recorded. */
export interface Ended extends Told {
  readonly status: RunStatus
}

/** Who is to be told of a run. */
export interface Told {
  /** Whether runs have search attributes. */
  readonly searchable: boolean
  /** Workflow id of the run that waits for this one. */
  readonly parent?: string
}

/** All that a run needs to go on from what is recorded of it. */
export interface Loaded extends Told {
  readonly row: RunRow
  readonly workflow: Workflow
  readonly items: readonly FeedItem[]
  /** Values of the secrets that are sealed in what is recorded. */
  readonly secrets: { readonly [name: string]: Json }
  /** Counts how often the run has been taken up: what an earlier one still sends is refused. */
  readonly epoch: number
  /** The last number of a batch in this epoch. */
  readonly batch: number
  /** An effect that was carried out, and is not recorded. */
  readonly left?: Left
  /** An effect that is under way in the process that has this queue. */
  readonly unfinished?: { readonly key: string; readonly queue: string }
  readonly maxResultBytes: number
  readonly longHistory: number
  /** Where effects may go ahead: how many rows the journal has. */
  readonly ahead?: { readonly rows: number }
}

/** One execution of one run. */
export interface Place {
  readonly run: number
  readonly epoch: number
}

/** What a run did since the batch before. */
export interface Batch {
  /** Counts up from 1 in each execution. */
  readonly number: number
  readonly units: readonly Unit[]
}

/** A run whose next effect may go ahead. */
export interface HandedOver {
  readonly place: Place
  readonly batches: readonly Batch[]
  /** How many rows of the journal the workflow knows; with the batches. */
  readonly rows: number
}

export interface TakenBack {
  readonly place: Place
  /** The last number of a batch in this epoch. */
  readonly batch: number
  /** What was recorded meanwhile. */
  readonly items: readonly FeedItem[]
  /** How many rows the journal has now. */
  readonly rows: number
}

/** How far an activity has come that was handed a run. */
export interface Ahead {
  /** The run has ended so. */
  readonly over?: RunStatus
  /** Missing where the workflow has taken the run back meanwhile. */
  readonly back?: TakenBack
  /** An effect that was carried out, and is not recorded. */
  readonly left?: Left
}

export interface Left {
  readonly key: string
  readonly performed: Performed
}

export interface Refusal {
  /** Of `errors.ts`. */
  readonly code: string
  readonly message: string
}

export interface Question {
  readonly run: Pick<RunRow, 'number' | 'firstEvent' | 'startedAt'>
  readonly filters: readonly EventFilter[]
  readonly consumed: readonly number[]
  readonly consumedTo: readonly (readonly [string, number])[]
  readonly scannedTo: number
}

export interface Answer {
  readonly found?: FoundEvent
  readonly scannedTo: number
  readonly consumedTo: readonly (readonly [string, number])[]
}

export type ChildState =
  | { readonly is: 'under way'; readonly run: number; readonly id: string }
  | { readonly is: 'over'; readonly outcome: Outcome }
  | { readonly is: 'refused'; readonly problem: Problem }

export interface EffectRequest {
  readonly place: Place
  readonly batches: readonly Batch[]
  readonly key: string
  readonly attempt: number
  readonly call: ActivityCall
}

export type Performed =
  | { readonly value: Json }
  | { readonly problem: Problem }
  | {
      readonly postponed: {
        readonly until: number
        readonly attempt: number
        readonly reason: string
        readonly gate?: string
      }
    }

/**
 * A command of people: a signal to the workflow, whose answer an update waits for. A signal is in Temporal's history before
 * any task has it; an update is there only when a task is accepted, and one that is not would be done again without what
 * it had written to the records.
 */
export interface Command {
  /** Told twice it is one. */
  readonly id: string
  readonly kind: 'cancel' | 'suspend' | 'resume'
  /** Written in one transaction with it. */
  readonly record: readonly Statement[]
}

/** How a command went: done, or the code of the error with which it was refused. */
export type CommandResult =
  | { readonly done: true }
  /** Nothing was done: the run begins anew, and is to be asked then. */
  | { readonly again: true }
  | { readonly code: string; readonly detail: string }

/** The search attribute that changes while a run goes on. */
export const statusAttribute = 'SluseStatus'

/** Effects that take their time, and report how far they have come: each is an activity by itself. */
const long: ReadonlySet<string> = new Set(['transfer'])

/** Whether an effect may be one of several of one activity. What is not recorded of a secret would have to be fetched again. */
export function goesAhead({ kind, wait, secret }: ActivityCall): boolean {
  return wait !== false && secret !== true && !long.has(kind)
}

/** Types of failures: those that no further attempt can mend. */
export const superseded = 'superseded'

export const names = {
  run: 'run',
  detached: 'detached',
  command: 'command',
  answer: 'answer',
  look: 'look',
  pass: 'pass',
  ended: 'ended',
  cancel: 'cancel',
} as const

/** The workflow of an activity that nobody waits for. */
export function detachedId(runId: string, key: string): string {
  return `${runId}/detached${key}`
}

export function parseDetachedId(workflowId: string): { id: string; key: string } {
  const [id = '', ...rest] = workflowId.split('/detached')
  return { id, key: rest.join('/detached') }
}
