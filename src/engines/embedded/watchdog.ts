import { slowActivity, StuckRuns, type Stuck as AnyStuck } from '../records/stuck-runs.ts'
import type { Core } from './core.ts'

/**
 * No run is stuck without saying so. Looks now and then for runs that make no progress and that nothing will move:
 * an activity that takes longer than any timeout allows, a run on disk that nothing would wake, one that is neither
 * on disk nor in memory. Tells why, in the run's summary, the metrics and a CloudEvent, and sets going again what
 * can be.
 */
export class Watchdog {
  readonly #core: () => Core
  /** Those of the last look, so that one in between two states is not taken for stuck. */
  #suspects = new Set<number>()
  readonly #stuck: StuckRuns
  #stopTimer: (() => void) | undefined
  #looking: Promise<void> | undefined
  #stopped = false

  constructor(core: () => Core) {
    this.#core = core
    this.#stuck = new StuckRuns(core)
  }

  get stuckRuns(): number {
    return this.#stuck.size
  }

  async open(): Promise<void> {
    await this.#stuck.open()
    this.#later()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#stopTimer?.()
    await this.#looking
  }

  /** Looks at once. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  #later(): void {
    if (this.#stopped) return
    const { timers, clock, settings } = this.#core()
    this.#stopTimer = timers.set(
      clock.now() + settings.watchEvery,
      () => void this.look().then(() => this.#later()),
    )
  }

  async #look(): Promise<void> {
    const core = this.#core()
    try {
      const asleep = await this.#asleep()
      const found = new Map(
        [...this.#inMemory(), ...asleep.filter(({ run }) => this.#suspects.has(run))].map((each) => [
          each.run,
          each,
        ]),
      )
      this.#suspects = new Set(asleep.map(({ run }) => run))
      await this.#stuck.are(found)
      for (const stuck of asleep)
        if (found.has(stuck.run) && !core.runs.has(stuck.run)) await this.#setGoing(stuck)
    } catch (error) {
      core.log('error', 'Stuck runs cannot be looked for; trying again.', { error: String(error) })
    }
  }

  /** Runs in memory: their activities, and whether they have had a turn since. */
  #inMemory(): Stuck[] {
    const { runs, clock, settings, commits } = this.#core()
    // While nothing can be written nothing moves, and that is told by itself.
    if (!commits.writable) return []
    const before = clock.now() - settings.stuckAfter
    const found: Stuck[] = []
    for (const run of runs.all()) {
      if (run.held || run.over) continue
      const { number } = run.row
      const slow = [...run.pending.values()].find(
        ({ phase, beganAt }) => phase === 'working' && beganAt !== undefined && beganAt < before,
      )
      if (slow?.request.kind === 'activity') {
        found.push(slowActivity(number, slow.key, slow.request.call.kind, slow.beganAt ?? before))
      } else if (
        !run.idle &&
        run.movedAt < before &&
        [...run.pending.values()].every(({ phase }) => phase !== 'working')
      ) {
        const detail = `It is in memory, has nothing under way, and has not moved since ${iso(run.movedAt)}.`
        found.push({ run: number, since: run.movedAt, reason: 'silent', detail })
      }
    }
    return found
  }

  /** Runs on disk that ought to be elsewhere. */
  async #asleep(): Promise<Stuck[]> {
    const { database, runs, clock, settings } = this.#core()
    const now = clock.now()
    const found: Stuck[] = []
    for (const { reason, sql, detail } of questions) {
      for (let after = 0; ;) {
        const rows = await database.query<{ number: number; stuck: number }>(sql, [
          ...(reason === 'overdue' ? [now - settings.watchEvery * 2] : []),
          after,
          pageSize,
        ])
        for (const { number, stuck } of rows) {
          if (stuck === 0 || runs.has(number)) continue
          found.push({ run: number, since: this.#stuck.since(number) ?? now, reason, detail })
        }
        const last = rows.at(-1)
        if (!last || rows.length < pageSize) break
        after = last.number
      }
    }
    return found
  }

  /** What is recorded is all that it takes to go on. */
  async #setGoing({ run, reason }: Stuck): Promise<void> {
    const { database, runs } = this.#core()
    // As one that has work in hand it writes down anew what it waits for.
    const sql = "UPDATE runs SET status = 'running', active = 1 WHERE number = ? AND status = 'waiting'"
    if (reason === 'unwakeable') await database.commit([{ sql, parameters: [run] }])
    void runs.wake(run)
  }
}

/** A look is many short questions, so that nobody else waits for it. */
const pageSize = 2000

const questions = [
  {
    reason: 'lost',
    detail: 'It has work in hand, but no process works on it.',
    sql: 'SELECT number, 1 AS stuck FROM runs WHERE active = 1 AND number > ? ORDER BY number LIMIT ?',
  },
  {
    reason: 'unwakeable',
    detail: 'It waits on disk, and nothing is recorded that would wake it.',
    sql: `SELECT number, NOT EXISTS (
        SELECT 1 FROM waits WHERE waits.run = runs.number AND (waits.kind <> 'child' OR EXISTS (
          SELECT 1 FROM runs AS children WHERE children.parent = waits.run
            AND children.parent_key = waits.key AND children.ended_at IS NULL))
      ) AS stuck
      FROM runs WHERE status = 'waiting' AND number > ? ORDER BY number LIMIT ?`,
  },
  {
    reason: 'overdue',
    detail: 'It waits on disk for a time that has passed.',
    sql: 'SELECT DISTINCT run AS number, 1 AS stuck FROM waits WHERE due < ? AND run > ? ORDER BY run LIMIT ?',
  },
] as const

type Stuck = AnyStuck<'activity' | 'silent' | (typeof questions)[number]['reason']>

function iso(time: number): string {
  return new Date(time).toISOString()
}
