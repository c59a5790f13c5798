/** Lets so many pieces of work run at a time; the others wait their turn, in order. */
export class Limiter {
  readonly #most: number
  readonly #queue = new Set<() => void>()
  #running = 0
  #closed = false

  constructor(most: number) {
    this.#most = most
  }

  get running(): number {
    return this.#running
  }

  /** Whether whoever comes now has to wait. */
  get full(): boolean {
    return this.#running >= this.#most
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** What has not begun never will: it is for the next process. */
  close(): void {
    this.#closed = true
    this.#queue.clear()
  }

  /** Rejects where `signal` aborts before the work has begun. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  #enter(signal: AbortSignal | undefined): Promise<void> | void {
    signal?.throwIfAborted()
    if (this.#closed) return new Promise(() => {})
    if (this.#running < this.#most) {
      this.#running++
      return
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        this.#queue.delete(begin)
        reject(signal?.reason as Error)
      }
      this.#queue.add(begin)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  /** Hands its place on. */
  #leave(): void {
    const [next] = this.#queue
    if (next) {
      this.#queue.delete(next)
      next()
    } else this.#running--
  }
}
