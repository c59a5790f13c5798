/**
 * What the processes of an installation share of one target system: one small document, of which each process reads
 * what there is, computes what is to be, and writes it if nobody else has meanwhile. All in here is pure: times are
 * arguments, by the database's clock, in milliseconds since 1970.
 */
export interface SharedState {
  /** By the process that has it. */
  readonly shares: { [process: string]: Share }
  /** Calls that may still begin now, of those that nobody has been given leave for. */
  bucket?: { tokens: number; filledAt: number }
  /** The target asked for no calls before. */
  notBefore?: number
  breaker?: SharedBreakerState
}

/** What one process has of the limits. Anybody may add to it; it alone takes away, or who finds it dead. */
export interface Share {
  /** Calls that it may have under way. */
  has: number
  /** Calls that it has use for: under way, or waiting in memory. */
  wants: number
  /** Of those, calls that wait in memory. */
  queued: number
  /** When it last was given a place, or first wanted more than it had. */
  since: number
  /** Calls that it was ever given leave to begin, and those of them that have begun. */
  granted: number
  used: number
  /** Calls that it wants leave to begin, beyond those that it has. */
  needs: number
  needsSince: number
}

/** What one breaker is for all. A process counts by itself while it is closed; the first one that trips opens it. */
export interface SharedBreakerState {
  readonly state: 'closed' | 'open' | 'half-open'
  /** Counts the changes of state: what began in an earlier one does not count in this one. */
  readonly turn: number
  /** When an open one may be tried. */
  readonly until?: number
  /** Calls under way that try whether the target is back. */
  readonly trials: { readonly [process: string]: number }
  readonly successes: number
}

/** Limits that all processes share; a part that is not declared is not shared. */
export interface SharedBounds {
  readonly concurrency?: number
  readonly perSecond?: number
}

export function noShare(now: number): Share {
  return { has: 0, wants: 0, queued: 0, since: now, granted: 0, used: 0, needs: 0, needsSince: now }
}

export function parseState(text: string): SharedState {
  const { shares = {}, ...rest } = JSON.parse(text) as Partial<SharedState>
  return { shares, ...rest }
}
