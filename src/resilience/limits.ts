/**
 * Limits per target system, shared by everything that calls it: at most `concurrency` calls at once, at most
 * `perSecond` begun in a second (in bursts of as many), and none before a time that the system itself asked for
 * (`Retry-After`). It has no timer: what time it is, is an argument. Changeable while in use.
 */
export class TargetLimits implements Places {
  readonly #defaults: Limits
  #limits: Limits
  #running = 0
  #tokens: number
  #filledAt = 0
  #notBefore = 0

  /** `defaults` hold where the limits say nothing. */
  constructor(limits: Limits = {}, defaults: Limits = {}) {
    this.#defaults = defaults
    this.#limits = { ...defaults, ...limits }
    this.#tokens = burst(limits)
  }

  get limits(): Limits {
    return this.#limits
  }

  change(limits: Limits): void {
    this.#limits = { ...this.#defaults, ...limits }
    this.#tokens = Math.min(this.#tokens, burst(limits))
  }

  take(now: number): Slot {
    if (now < this.#notBefore) return { taken: false, retryAt: this.#notBefore }
    const { concurrency, perSecond } = this.#limits
    if (concurrency !== undefined && this.#running >= concurrency) return { taken: false, retryAt: undefined }
    if (perSecond !== undefined) {
      this.#fill(now, perSecond)
      if (this.#tokens < 1)
        return { taken: false, retryAt: now + Math.ceil(((1 - this.#tokens) / perSecond) * 1000) }
      this.#tokens -= 1
    }
    this.#running += 1
    let released = false
    return {
      taken: true,
      release: () => {
        if (released) return
        released = true
        this.#running -= 1
      },
    }
  }

  /** The system asked for no calls before `until` (RFC 9110, section 10.2.3). */
  pauseUntil(until: number): void {
    this.#notBefore = Math.max(this.#notBefore, until)
  }

  /** Until when it wants to be left alone, where that is not over. */
  pausedUntil(now: number): number | undefined {
    return this.#notBefore > now ? this.#notBefore : undefined
  }

  snapshot(now: number): LimitsSnapshot {
    const pausedUntil = this.pausedUntil(now)
    return { ...this.#limits, running: this.#running, ...(pausedUntil !== undefined && { pausedUntil }) }
  }

  #fill(now: number, perSecond: number): void {
    const elapsed = Math.max(0, now - this.#filledAt)
    this.#tokens = Math.min(burst(this.#limits), this.#tokens + (elapsed / 1000) * perSecond)
    this.#filledAt = now
  }
}

/** The places among the calls to one target, whether this process has them by itself or shares them with others. */
export interface Places {
  /** Those that hold now. */
  readonly limits: Limits
  change(limits: Limits): void
  /**
   * Asks for leave to call: a slot to `release` afterwards, or when to ask again. `retryAt` is `undefined` where
   * that is when another call has ended.
   */
  take(now: number): Slot
  pauseUntil(until: number): void
  snapshot(now: number): LimitsSnapshot
  /** Calls that wait in the memory of other processes. */
  readonly queuedElsewhere?: number
  /** Why nobody gets a place at all. */
  readonly why?: string | undefined
}

export type Slot =
  /** `lost` aborts when the place is not certainly this call's own any more. */
  { taken: true; release: () => void; lost?: AbortSignal } | { taken: false; retryAt: number | undefined }

export interface Limits {
  /** Calls at once. */
  concurrency?: number
  /** Calls begun a second; may be below one. */
  perSecond?: number
}

export interface LimitsSnapshot extends Limits {
  running: number
  pausedUntil?: number
}

function burst(limits: Limits): number {
  return Math.max(1, limits.perSecond ?? 1)
}

/** Reads a `Retry-After` header: seconds or an HTTP date. Returns when to call again, at most a day ahead. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const seconds = /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : undefined
  const until = seconds === undefined ? Date.parse(value) : now + seconds * 1000
  if (Number.isNaN(until) || until <= now) return undefined
  return Math.min(until, now + 86_400_000)
}
