import type { FeedItem } from '../../history/index.ts'
import type { Json, Problem } from '../../workflow/index.ts'
import type { Arrival } from './arrivals.ts'
import type { LiveRun } from './live-run.ts'
import type { Outstanding } from './outstanding.ts'
import type { Pending, Result } from './pending.ts'
import { Replay } from './replay.ts'

export interface ReplayingParts {
  readonly run: LiveRun
  readonly outstanding: Outstanding
  readonly give: (pending: Pending, result: Result) => void
  readonly cancel: () => void
  /** It does otherwise than it was recorded. */
  readonly stray: (detail: string) => void
}

/** Gives a run what it was given before, in the order of its journal. */
export class Replaying {
  readonly #parts: ReplayingParts
  #journal: Replay
  /** An effect whose result was not stored is carried out again. */
  #again: { readonly pending: Pending; readonly at: number } | undefined

  constructor(items: readonly FeedItem[], parts: ReplayingParts) {
    this.#journal = new Replay(items)
    this.#parts = parts
  }

  get journal(): Replay {
    return this.#journal
  }

  /** All has been given. */
  get done(): boolean {
    return this.#journal.done && !this.#journal.copyDue && !this.#again
  }

  isAgain(pending: Pending): boolean {
    return this.#again?.pending === pending
  }

  hasMore(arrivals: readonly Arrival[]): boolean {
    return arrivals.some(({ pending }) => this.isAgain(pending)) || !this.#again
  }

  restart(items: readonly FeedItem[]): void {
    this.#journal = new Replay(items)
  }

  /** A copy of another run's result, in the place of carrying the effect out; `false` where there is none. */
  giveCopy(): boolean {
    const { run, give } = this.#parts
    const copy = this.#journal.takeCopy()
    const pending = copy && run.pending.get(copy.key)
    if (pending) give(pending, resultOf(copy.value, copy.problem))
    return copy !== undefined
  }

  /** Takes what it gives away out of `arrivals`. */
  turn(arrivals: Arrival[]): void {
    const { run, outstanding, give, cancel, stray } = this.#parts
    if (this.#again) {
      const { pending, at } = this.#again
      const index = arrivals.findIndex((candidate) => candidate.pending === pending)
      const [arrival] = index < 0 ? [] : arrivals.splice(index, 1)
      if (!arrival) return
      this.#again = undefined
      run.now = at
      return give(pending, arrival.result)
    }
    const entry = this.#journal.take()
    if (!entry) return
    if (entry.type === 'cancel') {
      run.now = entry.at
      return cancel()
    }
    const pending = run.pending.get(entry.key)
    if (!pending) {
      // What was recorded while the run was suspended may have lost a race before it could be given.
      if (entry.type === 'secret' || !entry.queued) stray(`It does not ask for ${entry.key}.`)
    } else if (entry.type === 'secret') {
      this.#again = { pending, at: entry.at }
      outstanding.beginNow(pending)
    } else {
      run.now = entry.at
      give(pending, entry.type === 'fault' ? { problem: entry.problem } : { value: entry.value })
    }
  }
}

function resultOf(value: Json, isProblem: boolean | undefined): Result {
  return isProblem ? { problem: value as unknown as Problem } : { value }
}
