import type { Outcome } from '../engine.ts'
import type { Pinned } from '../records/definitions.ts'
import { Limiter } from '../records/limiter.ts'
import { newRun, type NewRun } from '../records/new-run.ts'
import { startOf } from '../records/start-of.ts'
import { LiveRun } from '../run/live-run.ts'
import { isOver, type RunRow } from '../run/run-row.ts'
import { sealerOf } from '../run/seal.ts'
import type { Core } from './core.ts'

interface Loading {
  readonly loaded: Promise<boolean>
  readonly ready: () => void
  readonly uses: ((run: LiveRun) => void)[]
}

/** The runs in memory, and the way there. */
export class Runs {
  readonly #core: () => Core
  readonly #live = new Map<number, LiveRun>()
  /** The numbers of the runs in memory by their id. */
  readonly #numbers = new Map<string, number>()
  /** Runs on their way into memory, until they have replayed. */
  readonly #loading = new Map<number, Loading>()
  readonly #limiter: Limiter
  readonly #outcomes = new Map<number, ((outcome: Outcome) => void)[]>()
  #lastNumber: number
  #stopped = false

  constructor(core: () => Core, lastNumber: number, replayConcurrency: number) {
    this.#core = core
    this.#lastNumber = lastNumber
    this.#limiter = new Limiter(replayConcurrency)
  }

  /** The highest number that a run has. */
  get lastNumber(): number {
    return this.#lastNumber
  }

  get size(): number {
    return this.#live.size
  }

  has(number: number): boolean {
    return this.#live.has(number) || this.#loading.has(number)
  }

  all(): Iterable<LiveRun> {
    return this.#live.values()
  }

  /** Starts a run; its first transaction tells `birth` how it went. */
  async create(definition: Pinned, spec: NewRun): Promise<RunRow> {
    const core = this.#core()
    const { row, items } = newRun(definition, spec, {
      number: ++this.#lastNumber,
      now: core.clock.now(),
      firstEvent: core.commits.nextEvent,
      runtime: core.runtime,
    })
    const secrets = await core.records.secrets(row.seal)
    const start = startOf(row, definition, items, secrets)
    this.#enter(new LiveRun(core, { row, start, sealer: sealerOf(row.seal, secrets), items, birth: spec }))
    return row
  }

  /**
   * Brings the run into memory, replays it, and gives it to `use` at once: a moment later it may have left again.
   * `false` where it has ended or is gone. Does not give up while writing or reading fails.
   */
  async wake(number: number, use: (run: LiveRun) => void = () => {}): Promise<boolean> {
    const loading = this.#loading.get(number)
    if (loading) {
      loading.uses.push(use)
      return loading.loaded
    }
    const live = this.#live.get(number)
    if (live) {
      use(live)
      return true
    }
    let ready = () => {}
    const replayed = new Promise<void>((resolve) => (ready = resolve))
    const loaded = this.#limiter.run(async () => {
      const found = await this.#load(number)
      if (found) await replayed
      else this.#loading.delete(number)
      return found
    })
    this.#loading.set(number, { loaded, ready, uses: [use] })
    return loaded
  }

  async #load(number: number): Promise<boolean> {
    const core = this.#core()
    for (let pause = 100; !this.#stopped; pause = Math.min(pause * 2, 10_000)) {
      try {
        const row = await core.records.row(number)
        if (!row || isOver(row.status)) return false
        const definition = await core.definitions.get(row.digest)
        const secrets = await core.records.secrets(row.seal)
        const sealer = sealerOf(row.seal, secrets)
        const items = await core.records.journal(row, sealer)
        if (this.#stopped) return false
        const start = startOf(row, definition, items, secrets)
        this.#enter(new LiveRun(core, { row, start, sealer, items }))
        return true
      } catch (error) {
        core.log('error', 'A run cannot be loaded; trying again.', { run: number, error: String(error) })
        await new Promise((resolve) => setTimeout(resolve, pause).unref())
      }
    }
    return false
  }

  /** Resolves when the run has ended, however. */
  async outcome(id: string): Promise<Outcome> {
    const live = this.#numbers.get(id)
    if (live !== undefined) return this.#ending(live)
    const { records } = this.#core()
    const row = await records.find(id)
    if (isOver(row.status)) return records.outcome(row)
    const ending = this.#ending(row.number)
    // Asked again, now that it would be told: it may have ended in between.
    const again = await records.find(id)
    return isOver(again.status) ? records.outcome(again) : ending
  }

  #ending(number: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const waiting = this.#outcomes.get(number)
      if (waiting) waiting.push(resolve)
      else this.#outcomes.set(number, [resolve])
    })
  }

  #enter(run: LiveRun): void {
    this.#live.set(run.row.number, run)
    this.#numbers.set(run.row.id, run.row.number)
  }

  // What a run in memory says.

  /** It has replayed. */
  ready(run: LiveRun): void {
    const loading = this.#loading.get(run.row.number)
    if (!loading) return
    this.#loading.delete(run.row.number)
    for (const use of loading.uses) use(run)
    loading.ready()
  }

  left(run: LiveRun): void {
    if (this.#live.get(run.row.number) !== run) return
    this.#live.delete(run.row.number)
    this.#numbers.delete(run.row.id)
    this.#core().parking.forget(run)
    this.ready(run)
  }

  /** It has ended, and that is durable. */
  ended(run: LiveRun, outcome: Outcome): void {
    this.left(run)
    for (const resolve of this.#outcomes.get(run.row.number) ?? []) resolve(outcome)
    this.#outcomes.delete(run.row.number)
    this.#core().children.ended(run.row, outcome)
    this.#core().schedules.afterRun(run.row)
  }

  stop(): void {
    this.#stopped = true
    for (const run of [...this.#live.values()]) run.abandon()
  }
}
