import type { OnFailure } from '../workflow/index.ts'
import type { ConnectionTarget } from './connections.ts'
import type { GuardClock } from './guard-clock.ts'
import type { ResiliencyPolicies } from './resource.ts'
import type { Sharing } from './shared/index.ts'

/** What a guard is given. */
export interface GuardOptions {
  policies: readonly ResiliencyPolicies[]
  /** The systems that the project names, with the limits that they declare. */
  connections?: readonly ConnectionTarget[]
  classify: (error: unknown) => Classification
  /** Default: the system's. */
  clock?: GuardClock
  /** From 0 to 1. */
  random: () => number
  /** What would wait longer than this is postponed. Milliseconds. */
  longestWaitMs: number
  /** Default: limits and breakers are this process's own. Whoever opened it closes it, after the guard has stopped. */
  sharing?: Sharing
  /** A call has opened or closed the breaker of a target. */
  onBreaker?: (change: BreakerChange) => void
}

export type BreakerChange =
  | {
      readonly target: string
      readonly state: 'open'
      /** When it is tried again; milliseconds since 1970. */
      readonly retryAt: number | undefined
      /** What opened it. */
      readonly failure: unknown
    }
  | { readonly target: string; readonly state: 'closed' }

export interface GuardedCall {
  /** Repeating it does no harm: the method is idempotent, or an idempotency key is sent. Asked after a failure. */
  repeatable: () => boolean
  /** How many attempts have failed before this request, as the last `Postponed` said. */
  attempt: number
  signal: AbortSignal
  /** What the pipeline does about a failure. */
  onFailure?: OnFailure | undefined
}

export interface Classification {
  /** Trying again may help. */
  transient: boolean
  /** The target answered as it should; the fault is the caller's. It does not count against its breaker. */
  targetIsWell: boolean
  /** The fault came before the call, or is none of a call: it says nothing of the target. */
  unasked?: true
  /** Nobody was there to answer: no answer came, or one from a gateway before the target. */
  away: boolean
  httpStatus?: number
  grpcStatus?: number
  /** When the target asked to be called again; milliseconds since 1970. */
  retryAt?: number
}
