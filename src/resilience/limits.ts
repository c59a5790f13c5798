/**
 * Limits per target system, shared by everything that calls it: at most `concurrency` calls at once, at most
 * `perSecond` begun in a second (in bursts of as many), and none before a time that the system itself asked for
 * (`Retry-After`). It has no timer: what time it is, is an argument. Changeable while in use.
 */
export class TargetLimits {
  #limits: Limits
  #running = 0
  #tokens: number
  #filledAt = 0
  #notBefore = 0

  constructor(limits: Limits = {}) {
    this.#limits = limits
    this.#tokens = burst(limits)
  }

  get limits(): Limits {
    return this.#limits
  }

  change(limits: Limits): void {
    this.#limits = limits
    this.#tokens = Math.min(this.#tokens, burst(limits))
  }

  /**
   * Asks for leave to call: a slot to `release` afterwards, or when to ask again. `retryAt` is `undefined` where
   * that is when another call has ended.
   */
  take(now: number): { taken: true; release: () => void } | { taken: false; retryAt: number | undefined } {
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

  snapshot(now: number): LimitsSnapshot {
    return {
      ...this.#limits,
      running: this.#running,
      ...(this.#notBefore > now ? { pausedUntil: this.#notBefore } : {}),
    }
  }

  #fill(now: number, perSecond: number): void {
    const elapsed = Math.max(0, now - this.#filledAt)
    this.#tokens = Math.min(burst(this.#limits), this.#tokens + (elapsed / 1000) * perSecond)
    this.#filledAt = now
  }
}

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
