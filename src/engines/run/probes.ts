import type { Json } from '../../workflow/index.ts'
import type { Arrival } from './arrivals.ts'
import type { LiveRun } from './live-run.ts'
import type { Pending } from './pending.ts'

interface Probe {
  /** The effect to find an event for; without it, all of the run's that wait for one. */
  readonly pending: Pending | undefined
  readonly done: (() => void)[]
}

/** A run's looks into the inbox for the events that it waits for, one after the other. */
export class Probes {
  readonly #run: LiveRun
  readonly #found: (arrival: Arrival) => void
  #waiting: Probe[] = []
  #busy = false

  /** `found` is given what is to be given to the run next. */
  constructor(run: LiveRun, found: (arrival: Arrival) => void) {
    this.#run = run
    this.#found = found
  }

  /** Whether it looks: meanwhile the run is given nothing. */
  get busy(): boolean {
    return this.#busy
  }

  get waiting(): number {
    return this.#waiting.length
  }

  add(pending: Pending | undefined, done: () => void): void {
    const same = this.#waiting.find((probe) => probe.pending === pending)
    if (same) same.done.push(done)
    else this.#waiting.push({ pending, done: [done] })
  }

  next(): void {
    const probe = this.#waiting.shift()
    if (probe) void this.#look(probe)
  }

  /** They are not to be made any more: whom to tell. */
  takeAll(): (() => void)[] {
    return this.#waiting.splice(0).flatMap(({ done }) => done)
  }

  async #look(probe: Probe): Promise<void> {
    const { core, row, pending: all } = this.#run
    this.#busy = true
    let { done } = probe
    try {
      for (const pending of probe.pending ? [probe.pending] : [...all.values()]) {
        if (pending.request.kind !== 'event' || !this.#run.awaits(pending)) continue
        const found = await core.inbox.next(this.#run, pending, pending.request.filters)
        if (!found) continue
        const value = { event: found.event as Json, filter: found.filter }
        this.#found({ pending, result: { value }, event: found.seq })
        // There may be another one for another.
        if (!probe.pending) this.#waiting.unshift({ pending: undefined, done })
        if (!probe.pending) done = []
        break
      }
    } catch (error) {
      core.log('error', 'The inbox cannot be read; trying again.', { run: row.id, error: String(error) })
      core.timers.set(core.clock.now() + 1000, () => this.#run.probe(probe.pending))
    }
    this.#busy = false
    for (const callback of done) this.#run.afterwards(callback)
    this.#run.look()
  }
}
