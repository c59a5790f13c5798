import { begin } from './effects.ts'
import type { LiveRun } from './live-run.ts'
import type { Pending } from './pending.ts'

export interface PostponedUntil {
  readonly until: number
  readonly attempt: number
  readonly gate?: string | undefined
}

/** The effects that a run has asked for and has no result of; and those of them that are still to begin. */
export class Outstanding {
  /** By their keys. */
  readonly all = new Map<string, Pending>()
  readonly #run: LiveRun
  #toBegin: Pending[] = []

  constructor(run: LiveRun) {
    this.#run = run
  }

  add(pending: Pending): void {
    if (this.all.has(pending.key)) throw new Error(`Two effects of the run have the key ${pending.key}.`)
    this.all.set(pending.key, pending)
  }

  awaits(pending: Pending): boolean {
    return this.all.get(pending.key) === pending
  }

  /** It has its result. */
  remove(pending: Pending): void {
    this.all.delete(pending.key)
    this.#toBegin = this.#toBegin.filter((other) => other !== pending)
  }

  /** It begins behind the run's next commit; where the run is suspended, when it is resumed. */
  begin(pending: Pending): void {
    pending.phase = 'asked'
    this.#toBegin.push(pending)
  }

  /** While the run replays: its result was not stored. */
  beginNow(pending: Pending): void {
    this.#toBegin = this.#toBegin.filter((other) => other !== pending)
    begin(this.#run, pending)
  }

  /** What is under way here is lost: it begins again. */
  beginAgain(): void {
    for (const pending of this.all.values()) {
      if (pending.phase !== 'working') continue
      pending.stop = undefined
      this.begin(pending)
    }
  }

  putOff(pending: Pending, { until, attempt, gate }: PostponedUntil): void {
    pending.attempt = attempt
    pending.postponedTo = until
    pending.gate = this.#run.core.gates.kept ? gate : undefined
    pending.due = pending.gate === undefined ? until : undefined
  }

  /** Of those that are to begin, what the journal says was put off. */
  putOffAsRecorded(postponed: ReadonlyMap<string, PostponedUntil>): void {
    for (const pending of this.#toBegin) {
      const recorded = postponed.get(pending.key)
      if (recorded) this.putOff(pending, recorded)
    }
  }

  /** Has those begin that are to, once all that the run did so far is durable. */
  beginAfterwards(): void {
    const run = this.#run
    if (run.held || this.#toBegin.length === 0) return
    const asked = this.#toBegin.splice(0)
    run.afterwards(() => {
      for (const pending of asked) {
        if (run.over || !this.awaits(pending)) continue
        if (run.held) this.#toBegin.push(pending)
        else if (run.core.begins?.(run, pending) !== false) begin(run, pending)
      }
    })
  }
}
