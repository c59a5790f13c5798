import { randomUUID } from 'node:crypto'
import type { Database } from '../../../database/index.ts'
import { timesAt, timesTakenUp } from '../executions.ts'
import type { Performed, Place } from '../protocol.ts'
import { unlessAborted } from '../unless-aborted.ts'

/** An effect that is under way in this process, whoever waits for it. */
export interface Unfinished {
  readonly key: string
  readonly performed: Promise<Performed>
  /** Nobody wants it any more. */
  abort(reason: unknown): void
}

interface Kept {
  readonly place: Place
  /** By `performance.now()`. */
  readonly since: number
  readonly effect: Unfinished
}

const lookEveryMs = 1000
/** Longer than an activity waits to be taken: then the workflow has had it carried out elsewhere, or does not want it any more. */
const askedWithinMs = 30_000

/**
 * Effects that take longer than a task of the workflow may wait for. This process goes on with them, and an activity on a
 * queue of this process alone waits for them. Where the process dies they are carried out again, as any others.
 */
export class UnfinishedEffects {
  /** Of Temporal, and of no other process. */
  readonly queue: string
  readonly #database: Database
  /** Those that nobody waits for yet, by run: that has one at a time, the newest. */
  readonly #kept = new Map<number, Kept>()
  #timer: NodeJS.Timeout | undefined

  constructor(database: Database, taskQueue: string) {
    this.#database = database
    this.queue = `${taskQueue}/${randomUUID()}`
  }

  keep(place: Place, effect: Unfinished): void {
    this.#kept.get(place.run)?.effect.abort(new Error('The run has been taken up anew.'))
    this.#kept.set(place.run, { place, effect, since: performance.now() })
    this.#timer ??= setInterval(() => void this.#look().catch(() => {}), lookEveryMs).unref()
  }

  /** Waits for it; `undefined` where this process does not have it. Rejects with the reason of `signal` where that aborts. */
  async end(run: number, key: string, signal: AbortSignal): Promise<Performed | undefined> {
    const { effect } = this.#kept.get(run) ?? {}
    if (effect?.key !== key) return undefined
    this.#kept.delete(run)
    try {
      return await unlessAborted(signal, effect.performed)
    } catch (error) {
      effect.abort(error)
      throw error
    }
  }

  /** Resolves when somebody waits for each of them, or `signal` aborts: then they are given up. */
  async asked(signal: AbortSignal): Promise<void> {
    while (this.#kept.size > 0 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50))
    this.close(signal.reason)
  }

  close(reason: unknown): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const { effect } of this.#kept.values()) effect.abort(reason)
    this.#kept.clear()
  }

  /** Nobody will ask for those whose run has ended, or was taken up anew, or has not asked for long. */
  async #look(): Promise<void> {
    const kept = [...this.#kept.values()]
    const runs = kept.map(({ place }) => place.run)
    const times = await timesTakenUp(this.#database, runs)
    for (const { place, effect, since } of kept) {
      const isLate = performance.now() - since > askedWithinMs
      if (!isLate && times.get(place.run) === timesAt(place.epoch)) continue
      if (this.#kept.get(place.run)?.effect !== effect) continue
      this.#kept.delete(place.run)
      effect.abort(new Error('Its run does not wait for it any more.'))
    }
  }
}
