import type { Clock } from '../../src/engines/index.ts'

/** A clock that runs that many times as fast as time does: half a minute of waiting is half a second. */
export function fastClock(factor: number): Clock {
  const began = Date.now()
  const now = () => began + (Date.now() - began) * factor
  return {
    now,
    wakeAt(at, wake) {
      const timer = setTimeout(wake, Math.min(Math.max(0, at - now()) / factor, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  }
}

/** A clock that stands still until it is told to advance. */
export class ManualClock implements Clock {
  #now: number
  readonly #wakes = new Set<{ at: number; wake: () => void }>()

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  wakeAt(at: number, wake: () => void): () => void {
    const entry = { at, wake }
    this.#wakes.add(entry)
    if (at <= this.#now) queueMicrotask(() => this.#ring())
    return () => this.#wakes.delete(entry)
  }

  /** Lets what has come due happen before it returns, as far as that needs no more time. */
  async advance(milliseconds: number): Promise<void> {
    this.#now += milliseconds
    this.#ring()
    await new Promise((done) => setTimeout(done, 20))
  }

  #ring(): void {
    for (const entry of [...this.#wakes].filter(({ at }) => at <= this.#now)) {
      if (this.#wakes.delete(entry)) entry.wake()
    }
  }
}
