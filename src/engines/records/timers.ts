import type { Clock } from './clock.ts'

interface Entry {
  readonly at: number
  readonly wake: () => void
  cancelled: boolean
}

/** Any number of timers behind one of the clock's: a binary heap by time. */
export class Timers {
  readonly #clock: Clock
  #heap: Entry[] = []
  #armed: { at: number; stop: () => void } | undefined
  #cancelled = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `wake` at `at`, never before this returns. Returns how to stop it. */
  set(at: number, wake: () => void): () => void {
    const entry: Entry = { at, wake, cancelled: false }
    this.#push(entry)
    this.#arm()
    return () => {
      if (entry.cancelled) return
      entry.cancelled = true
      if (++this.#cancelled > 1000 && this.#cancelled > this.#heap.length / 2) this.#sweep()
    }
  }

  stop(): void {
    this.#armed?.stop()
    this.#armed = undefined
    this.#heap = []
  }

  #arm(): void {
    const first = this.#heap[0]
    if (this.#armed && first && this.#armed.at <= first.at) return
    this.#armed?.stop()
    this.#armed = undefined
    if (!first) return
    this.#armed = { at: first.at, stop: this.#clock.wakeAt(first.at, () => this.#fire()) }
  }

  #fire(): void {
    this.#armed = undefined
    const now = this.#clock.now()
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop()
      if (first.cancelled) this.#cancelled--
      else {
        first.cancelled = true
        first.wake()
      }
    }
    this.#arm()
  }

  #sweep(): void {
    const left = this.#heap.filter((entry) => !entry.cancelled)
    this.#heap = []
    this.#cancelled = 0
    for (const entry of left) this.#push(entry)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let index = heap.push(entry) - 1
    while (index > 0) {
      const above = (index - 1) >> 1
      if (at(heap, above) <= entry.at) break
      heap[index] = heap[above] as Entry
      index = above
    }
    heap[index] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let index = 0
    for (;;) {
      let below = index * 2 + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && at(heap, below + 1) < at(heap, below)) below++
      if (at(heap, below) >= last.at) break
      heap[index] = heap[below] as Entry
      index = below
    }
    heap[index] = last
  }
}

function at(heap: readonly Entry[], index: number): number {
  return heap[index]?.at ?? Infinity
}
