import type { Database } from '../../database/index.ts'
import type { LivingMember, Member } from '../../members/index.ts'
import { readJobs, type JobRow } from './job-rows.ts'
import { readParts, type PartRow } from './part-rows.ts'

/** What all processes do of all transfers, as it was at the last look. */
export interface View {
  readonly jobs: readonly JobRow[]
  /** Of jobs. `undefined`: nobody looked, for there is, and was, no other process, and nobody follows them. */
  readonly parts: readonly PartRow[] | undefined
  /** The processes that take jobs. */
  readonly processes: readonly LivingMember[]
  /** Replays that have not ended. */
  readonly replays: readonly string[]
  /** When it was asked for, by `performance.now()`. */
  readonly asOf: number
}

/** What nobody told of is found so late at the latest. */
const everyMs = 1000
/** Between two looks: news of many commits are one. Where parts are on their way, somebody waits for each of them. */
const gapMs = 40
const gapWithPartsMs = 20

/** Looks at the jobs whenever something has been committed, here or elsewhere, and now and then. */
export class Board {
  readonly #database: Database
  readonly #member: Member
  readonly #listeners = new Set<(view: View) => void | Promise<void>>()
  readonly #waiting = new Set<(view?: View) => void>()
  readonly #timer: NodeJS.Timeout
  readonly #unsubscribe: () => void
  #soon: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #again = false
  #gap = gapMs
  #closed = false
  #processes: readonly LivingMember[] = []
  #followers = 0

  constructor(database: Database, member: Member) {
    this.#database = database
    this.#member = member
    this.#timer = setInterval(() => this.poke(), everyMs)
    this.#timer.unref()
    this.#unsubscribe = database.onCommit(() => this.poke())
  }

  /** How many processes take jobs beside this one, as of the last look. */
  get others(): number {
    return this.#processes.filter(({ id }) => id !== this.#member.identity.id).length
  }

  /** Gives how to stop. */
  onLook(listener: (view: View) => void | Promise<void>): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Also of parts, whoever else there is. Gives how to stop. */
  follow(listener: (view: View) => void | Promise<void>): () => void {
    this.#followers += 1
    const stop = this.onLook(listener)
    return () => {
      this.#followers -= 1
      stop()
    }
  }

  /** What the next look sees; nothing where that is not within `ms`, or the signal aborts. */
  next(ms: number, signal: AbortSignal): Promise<View | undefined> {
    if (signal.aborted) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const done = (view?: View) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        this.#waiting.delete(done)
        resolve(view)
      }
      const stop = () => done()
      const timer = setTimeout(stop, ms)
      signal.addEventListener('abort', stop, { once: true })
      this.#waiting.add(done)
    })
  }

  /** There may be something new. */
  poke(afterMs = 0): void {
    // Where nobody takes or leads anything, as on an API server, nobody need look.
    if (this.#closed || this.#listeners.size + this.#waiting.size === 0) return
    if (afterMs > 0) {
      setTimeout(() => this.poke(), afterMs).unref()
      return
    }
    if (this.#looking) this.#again = true
    else this.#soon ??= setTimeout(() => this.#begin(), this.#gap)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    this.#unsubscribe()
    for (const wake of [...this.#waiting]) wake()
    await this.#looking
  }

  #begin(): void {
    this.#soon = undefined
    this.#again = false
    this.#looking = this.#look()
      // A database that is away is asked again a moment later.
      .catch(() => {})
      .finally(() => {
        this.#looking = undefined
        if (this.#again) this.poke()
      })
  }

  async #look(): Promise<void> {
    const asOf = performance.now()
    const [jobs, parts, living, replays] = await Promise.all([
      readJobs(this.#database),
      this.#processes.length > 1 || this.#followers > 0 ? readParts(this.#database) : undefined,
      this.#member.living(),
      this.#database.query<{ id: string }>(
        "SELECT id FROM transfers WHERE ended_at IS NULL AND kind = 'replay' ORDER BY number",
      ),
    ])
    // Where a look takes long there is much to do: then there are fewer of them.
    const least = parts && parts.length > 0 ? gapWithPartsMs : gapMs
    this.#gap = Math.min(Math.max(least, 4 * (performance.now() - asOf)), everyMs)
    this.#processes = living.filter(({ abilities }) => abilities.takesTransfers)
    const view = {
      jobs,
      parts,
      processes: this.#processes,
      replays: replays.map(({ id }) => id),
      asOf,
    }
    for (const wake of [...this.#waiting]) wake(view)
    // What one of them fails at the others do; none is asked again before all have done with this look.
    await Promise.allSettled([...this.#listeners].map(async (listener) => listener(view)))
  }
}
