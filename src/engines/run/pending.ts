import type { ActivityCall, ChildRun, EventFilter, Json, Problem } from '../../workflow/index.ts'

/** An effect that the interpreter has asked for and has no result of yet. */
export interface Pending {
  readonly key: string
  readonly request: Request
  /** Gives the result. Only for `LiveRun`, in the run's turn. */
  settle(result: Result): void
  phase:
    | 'asked'
    /** Something is under way in this process that would be lost with it. */
    | 'working'
    /** A time, an event or another run is waited for: can be found again from the disk. */
    | 'waiting'
  /** Ends what is under way for it: because nobody wants it any more, or because the run leaves memory. */
  stop?: ((why: 'unwanted' | 'leaving') => void) | undefined
  /** For a sleep or a postponed activity: milliseconds since 1970, UTC. */
  due?: number | undefined
  /** For a postponed activity: what has to open first, where somebody knows when that is; then `due` is not given. */
  gate?: string | undefined
  /** For a postponed activity: the time that the journal says, also where its gate has let it through before. */
  postponedTo?: number
  /** For an activity that is being carried out: since when. Milliseconds since 1970, UTC. */
  beganAt?: number | undefined
  /** Let through its gate, and not come to the target yet. */
  passing?: boolean
  /** For an activity: how many attempts have failed so far. */
  attempt: number
  /** For an event: the inbox has been looked through up to this number. */
  scannedTo: number
}

export type Request =
  | { readonly kind: 'activity'; readonly call: ActivityCall }
  | { readonly kind: 'sleep'; readonly until: number }
  | { readonly kind: 'event'; readonly filters: readonly EventFilter[] }
  | { readonly kind: 'child'; readonly child: ChildRun }

export type Result = { readonly value: Json } | { readonly problem: Problem }
