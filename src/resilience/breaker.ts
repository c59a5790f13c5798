import type { TripCondition } from './trip.ts'

/**
 * A circuit breaker for one target system, with the states and counts of Dapr's.
 *
 * - closed: calls pass and are counted; when `trip` holds after a failure, it opens.
 * - open: no call passes until `timeoutMs` has gone; then it is half-open.
 * - half-open: `maxRequests` calls may pass to try; as many successes in a row close it, one failure opens it again.
 * - held: an operator keeps it open; only `reset` closes it.
 *
 * It has no timer: what time it is, is an argument.
 */
export class Breaker implements CircuitBreaker {
  /** May be changed while in use: the state stays, and what comes next goes by the new ones. */
  settings: BreakerSettings
  #state: BreakerState = 'closed'
  #counts: Counts = noCounts()
  /** When the open state, or the counting interval of the closed state, ends. */
  #ends: number | undefined
  #trials = 0
  /** Calls that began in an earlier state do not count in this one. */
  #generation = 0

  constructor(settings: BreakerSettings) {
    this.settings = settings
  }

  /** Asks for leave to call. A permit must be settled, once. */
  admit(now: number): Permit | Refusal {
    this.#turn(now)
    if (this.#state === 'held') return { admitted: false, retryAt: undefined }
    if (this.#state === 'open') return { admitted: false, retryAt: this.#ends }
    if (this.#state === 'half-open' && this.#trials >= this.settings.maxRequests) {
      return { admitted: false, retryAt: now + halfOpenPollMs }
    }
    this.#trials += 1
    this.#counts.requests += 1
    const generation = this.#generation
    let settled = false
    const settle = (succeeded: boolean, at: number): void => {
      if (settled) return
      settled = true
      this.#turn(at)
      if (generation === this.#generation) this.#settle(succeeded, at)
    }
    return {
      admitted: true,
      trial: this.#state === 'half-open',
      success: (at) => settle(true, at),
      failure: (at) => settle(false, at),
      withdraw: () => {
        if (settled) return
        settled = true
        if (generation !== this.#generation) return
        this.#trials -= 1
        this.#counts.requests -= 1
      },
    }
  }

  /** As the last call left it: an open one whose time is over is half-open from the next on. */
  get state(): BreakerState {
    return this.#state
  }

  /** How many calls would be admitted now, and when to ask again where that is known. */
  room(now: number): { passes: number; askAt?: number } {
    this.#turn(now)
    switch (this.#state) {
      case 'closed':
        return { passes: Infinity }
      case 'half-open':
        return { passes: Math.max(0, this.settings.maxRequests - this.#trials) }
      case 'open':
        return { passes: 0, ...(this.#ends !== undefined && { askAt: this.#ends }) }
      case 'held':
        return { passes: 0 }
    }
  }

  snapshot(now: number): BreakerSnapshot {
    this.#turn(now)
    return {
      state: this.#state,
      ...(this.#state === 'open' && this.#ends !== undefined ? { retryAt: this.#ends } : {}),
      ...this.#counts,
    }
  }

  /** An operator closes it and forgets its counts. */
  reset(): void {
    this.#become('closed', undefined)
  }

  release(): void {
    this.reset()
  }

  /** An operator keeps it open until `release` or `reset`. */
  hold(): void {
    this.#become('held', undefined)
  }

  #settle(succeeded: boolean, now: number): void {
    const counts = this.#counts
    if (succeeded) {
      counts.totalSuccesses += 1
      counts.consecutiveSuccesses += 1
      counts.consecutiveFailures = 0
      if (this.#state === 'half-open' && counts.consecutiveSuccesses >= this.settings.maxRequests) {
        this.#become('closed', this.#intervalEnd(now))
      }
      return
    }
    counts.totalFailures += 1
    counts.consecutiveFailures += 1
    counts.consecutiveSuccesses = 0
    if (this.#state === 'half-open' || this.settings.trip(counts)) {
      this.#become('open', now + this.settings.timeoutMs)
    }
  }

  #turn(now: number): void {
    if (this.#state === 'closed') {
      this.#ends ??= this.#intervalEnd(now)
      if (this.#ends !== undefined && now >= this.#ends) this.#become('closed', this.#intervalEnd(now))
    } else if (this.#state === 'open' && this.#ends !== undefined && now >= this.#ends) {
      this.#become('half-open', undefined)
    }
  }

  #become(state: BreakerState, ends: number | undefined): void {
    this.#state = state
    this.#ends = ends
    this.#counts = noCounts()
    this.#trials = 0
    this.#generation += 1
  }

  #intervalEnd(now: number): number | undefined {
    return this.settings.intervalMs > 0 ? now + this.settings.intervalMs : undefined
  }
}

/** How soon one who found all trials of a half-open breaker taken may ask again. */
const halfOpenPollMs = 250

/** A breaker, whether of this process or of all. Times are milliseconds since 1970, by this process's clock. */
export interface CircuitBreaker {
  settings: BreakerSettings
  readonly state: BreakerState
  admit(now: number): Permit | Refusal | Promise<Permit | Refusal>
  room(now: number): { passes: number; askAt?: number }
  snapshot(now: number): BreakerSnapshot
  hold(): void
  /** Ends `hold`: closed, with nothing counted. */
  release(): void
  reset(): void
}

export type BreakerState = 'closed' | 'open' | 'half-open' | 'held'

export interface BreakerSettings {
  maxRequests: number
  /** The closed state clears its counts this often; 0: never. */
  intervalMs: number
  timeoutMs: number
  trip: TripCondition
}

export interface Counts {
  requests: number
  totalSuccesses: number
  totalFailures: number
  consecutiveSuccesses: number
  consecutiveFailures: number
}

export interface BreakerSnapshot extends Counts {
  state: BreakerState
  /** When an open breaker lets a trial call through; milliseconds since 1970. */
  retryAt?: number
}

export interface Permit {
  admitted: true
  /** It tries whether the target is back: the breaker is half-open. */
  trial: boolean
  success(now: number): void
  failure(now: number): void
  /** The call was given up by the caller: it says nothing of the target. */
  withdraw(): void
}

export interface Refusal {
  admitted: false
  /** When to ask again; `undefined` while an operator holds it open. */
  retryAt: number | undefined
}

function noCounts(): Counts {
  return { requests: 0, totalSuccesses: 0, totalFailures: 0, consecutiveSuccesses: 0, consecutiveFailures: 0 }
}
