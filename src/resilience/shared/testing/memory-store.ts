import { MemoryMembers } from '../../../members/testing/memory-members.ts'
import type { SharedStore, StoredState } from '../store.ts'

/** A store in memory, whose clock is `ahead` of the system's, and which takes its time. */
export class MemoryStore implements SharedStore {
  away = false
  /** What is asked meanwhile gets its answer once it is not any more, as from a server to which nobody gets through. */
  silent = false
  /** How often something was asked of it, or written. */
  asked = 0
  written = 0
  readonly #random: () => number
  readonly #ahead: number
  readonly #states = new Map<string, StoredState>()
  readonly #listeners = new Set<() => void>()
  /** Who lives, in the same store. */
  readonly members = new MemoryMembers({
    now: () => this.#now,
    way: () => this.#turn(),
    tell: () => this.#tell(),
    listen: (listener) => this.onNews(listener),
  })

  constructor(random: () => number, ahead = 0) {
    this.#random = random
    this.#ahead = ahead
  }

  async look(after: number): Promise<{ now: number; states: StoredState[] }> {
    await this.#turn()
    const states = [...this.#states.values()].filter(({ version }) => version > after)
    const now = this.#now
    await this.#pause()
    return { now, states }
  }

  async read(key: string) {
    await this.#turn()
    this.members.bury()
    const answer = { now: this.#now, alive: this.members.lives, stored: this.#states.get(key) }
    await this.#pause()
    return answer
  }

  async write(before: StoredState | undefined, next: StoredState): Promise<boolean> {
    await this.#turn()
    if (this.#states.get(next.key)?.version !== before?.version) return false
    this.#states.set(next.key, next)
    this.written += 1
    this.#tell()
    await this.#pause()
    return true
  }

  async tidy(): Promise<void> {}

  onNews(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get #now(): number {
    return Date.now() + this.#ahead
  }

  #tell(): void {
    for (const listener of this.#listeners) setTimeout(listener, this.#random() * 10)
  }

  /** On the way there. */
  async #turn(): Promise<void> {
    this.asked += 1
    while (this.silent) await new Promise((done) => setTimeout(done, 10))
    await this.#pause()
    if (this.away) throw new Error('away')
  }

  #pause(): Promise<void> {
    return new Promise((done) => setTimeout(done, this.#random() * 4))
  }
}
