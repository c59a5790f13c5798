import type { Clock } from '../records/clock.ts'

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number
  readonly #wakers = new Map<() => void, number>()

  constructor(now: string) {
    this.#now = Date.parse(now)
  }

  now(): number {
    return this.#now
  }

  wakeAt(at: number, wake: () => void): () => void {
    this.#wakers.set(wake, at)
    // What is due already is not called before this returns.
    if (at <= this.#now) setImmediate(() => this.#fire())
    return () => this.#wakers.delete(wake)
  }

  /** Moves to a time and wakes who waited for it. */
  moveTo(time: string): void {
    this.#now = Date.parse(time)
    this.#fire()
  }

  /** Moves on by so many milliseconds. */
  advance(ms: number): void {
    this.#now += ms
    this.#fire()
  }

  #fire(): void {
    for (const [wake, at] of [...this.#wakers]) {
      if (at > this.#now || !this.#wakers.delete(wake)) continue
      wake()
    }
  }
}
