import type { SqlValue, Statement } from '../../database/index.ts'
import type {
  ActivityCall,
  ChildRun,
  CloudEvent,
  DurableContext,
  EventFilter,
  Json,
  RunStart,
  Scope,
} from '../../workflow/index.ts'
import type { ActivityRunner, Outcome } from '../engine.ts'
import type { LiveRun } from './live-run.ts'
import type { Pending } from './pending.ts'
import type { RunRow } from './run-row.ts'
import type { Unit } from './unit.ts'

/**
 * What a run in memory asks of the engine that it runs on, and nothing else: this process in the embedded engine, the
 * deterministic sandbox in the other. So the order in which a run is given things is the same on both.
 */
export interface Host {
  readonly clock: { now(): number }
  readonly log: Log
  readonly interpret: Interpret
  readonly activities: ActivityRunner
  readonly settings: { readonly maxResultBytes: number }
  /** A UUID that is the same for the same run and name. */
  derivedId(runId: string, name: string): string
  /** Gives the run its next turn, then its rest. */
  readonly turns: { schedule(turning: Turning): void }
  readonly timers: { set(at: number, wake: () => void): () => void }
  readonly commits: {
    add(unit: Unit): void
    /** `false` where something else than the records is what a run goes on from. */
    readonly effectsWait?: boolean
  }
  /** `false` where this host does not begin the effect: it is left for who carries the run on after it. */
  begins?(run: LiveRun, pending: Pending): boolean
  readonly limiter: { run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> }
  readonly gates: {
    readonly kept: boolean
    wait(name: string, pass: () => () => boolean): () => void
    parked(name: string): void
  }
  readonly inbox: {
    listen(run: LiveRun, pending: Pending, filters: readonly EventFilter[]): void
    next(run: LiveRun, pending: Pending, filters: readonly EventFilter[]): Promise<FoundEvent | undefined>
    /** Some run consumes the event. Call the answer when that is durable. */
    claim(seq: number): () => void
    row(event: CloudEvent, now: number): SqlValue[]
    received(): void
  }
  readonly runs: {
    ready(run: LiveRun): void
    left(run: LiveRun): void
    ended(run: LiveRun, outcome: Outcome): void
  }
  readonly parking: { idle(run: LiveRun): void }
  readonly standing: Standing
  readonly children: { begin(run: LiveRun, pending: Pending, child: ChildRun): void }
  readonly detached: {
    due(run: LiveRun, key: string, call: ActivityCall): { statement: Statement; durable: () => void }
  }
  readonly schedules: { runEnded(row: RunRow, at: number): Statement[] }
}

/** How a run's row, and the rows of what would wake it, change with its state. */
export interface Standing {
  /** Whether a run that only waits leaves memory: it can be found again from the disk. */
  readonly leaves: boolean
  active(run: LiveRun): Statement[]
  parked(run: LiveRun): Statement[]
  suspended(run: LiveRun): Statement[]
  ended(run: LiveRun, wasParked: boolean): Statement[]
}

/** Something that is given one thing at a time and comes to rest in between. */
export interface Turning {
  /** Gives it the next thing, if there is one. */
  turn(): void
  /** All that followed from it has come to rest. */
  rest(): void
}

export interface InboxEvent {
  /** Its number in the inbox: the order in which events were received. */
  readonly seq: number
  readonly event: CloudEvent
}

export interface FoundEvent extends InboxEvent {
  /** Index of the first filter that matched. */
  readonly filter: number
}

export type Log = (level: 'info' | 'warn' | 'error', message: string, data?: { [key: string]: Json }) => void

export type Interpret = (run: RunStart, context: DurableContext, scope: Scope) => Promise<Json>
