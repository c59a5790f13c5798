import { insertRows, type Statement } from '../../database/index.ts'
import { cancellation } from './children.ts'
import type { Core } from './core.ts'
import type { LiveRun } from '../run/live-run.ts'
import { anyType, waitColumns, waitRows } from '../run/wait-rows.ts'

const pageSize = 200

/**
 * Runs that only wait leave memory: what would wake them is a row on disk. 100,000 of them cost disk, one timer, and
 * nothing at a restart.
 */
export class Parking {
  readonly #core: () => Core
  /** Runs in memory that only wait, the longest idle first. */
  readonly #idle = new Map<LiveRun, number>()
  readonly #hints = new Map<string, Set<string>>()
  #sweeping = false
  #nextDue: { readonly at: number; readonly stop: () => void } | undefined
  #waking: Promise<void> | undefined
  #stopped = false

  constructor(core: () => Core) {
    this.#core = core
  }

  /** The run only waits. It parks at once if that will take long, else after a while. */
  idle(run: LiveRun): void {
    const { clock, settings } = this.#core()
    const now = clock.now()
    const far = [...run.pending.values()].every(
      ({ due, gate }) => gate !== undefined || (due !== undefined && due - now > settings.parkAtOnceAfter),
    )
    if (far) return run.park()
    this.#idle.delete(run)
    this.#idle.set(run, now)
    if (this.#idle.size > settings.maxIdleRuns) {
      const [longest] = this.#idle.keys()
      // It is on its way out until that is durable, however long that takes: the next one is another's turn.
      if (longest) this.#idle.delete(longest)
      longest?.park()
    }
    this.#sweepLater()
  }

  forget(run: LiveRun): void {
    this.#idle.delete(run)
  }

  /** What to write so that the run is found when its time, its event or its child comes. */
  rows(run: LiveRun): Statement[] {
    const rows = [...run.pending.values()].flatMap((pending) => waitRows(run, pending))
    for (const [, , , , type, by] of rows) if (typeof type === 'string') this.#learn(type, by as string)
    for (const { due } of run.pending.values()) if (due !== undefined) this.#arm(due)
    return insertRows('waits', waitColumns, rows)
  }

  /** By what waits for this event type may be found (see `wait-hints.ts`). */
  hintsFor(type: string): Iterable<string> {
    return new Set([...(this.#hints.get(type) ?? []), ...(this.#hints.get(anyType) ?? [])])
  }

  #learn(type: string, by: string): void {
    const known = this.#hints.get(type)
    if (known) known.add(by)
    else this.#hints.set(type, new Set([by]))
  }

  /** Takes up what came due meanwhile. */
  async open(): Promise<void> {
    const rows = await this.#core().database.query<{ type: string; hint_by: string }>(
      'SELECT DISTINCT type, hint_by FROM waits WHERE type IS NOT NULL',
    )
    for (const { type, hint_by } of rows) this.#learn(type, hint_by)
    await this.#wakeDue()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#nextDue?.stop()
    await this.#waking
  }

  #sweepLater(): void {
    if (this.#sweeping) return
    const { clock, timers, settings } = this.#core()
    this.#sweeping = true
    timers.set(clock.now() + Math.max(settings.parkAfter / 2, 10), () => {
      this.#sweeping = false
      this.#sweep()
    })
  }

  #sweep(): void {
    const { clock, settings } = this.#core()
    const now = clock.now()
    for (const [run, since] of this.#idle) {
      if (since + settings.parkAfter > now) break
      this.#idle.delete(run)
      const next = Math.min(...[...run.pending.values()].map(({ due }) => due ?? Infinity))
      if (next - now > settings.parkAfter) run.park()
    }
    if (this.#idle.size > 0) this.#sweepLater()
  }

  #arm(due: number): void {
    if (this.#stopped || (this.#nextDue && this.#nextDue.at <= due)) return
    this.#nextDue?.stop()
    const stop = this.#core().timers.set(due, () => {
      this.#nextDue = undefined
      void this.#wakeDue()
    })
    this.#nextDue = { at: due, stop }
  }

  /** One at a time: what comes due while this works is seen by it, or by the timer that it sets at its end. */
  #wakeDue(): Promise<void> {
    this.#waking ??= this.#wakeAll().finally(() => (this.#waking = undefined))
    return this.#waking
  }

  async #wakeAll(): Promise<void> {
    const core = this.#core()
    try {
      let due = -1
      let number = 0
      for (let more = true; more && !this.#stopped;) {
        const rows = await core.database.query<{ number: number; run: number; due: number }>(
          `SELECT number, run, due FROM waits WHERE due <= ? AND (due > ? OR (due = ? AND number > ?))
           ORDER BY due, number LIMIT ?`,
          [core.clock.now(), due, due, number, pageSize],
        )
        const runs = new Set(rows.map(({ run }) => run).filter((run) => !core.runs.has(run)))
        await Promise.all([...runs].map((run) => this.#wake(run)))
        due = rows.at(-1)?.due ?? due
        number = rows.at(-1)?.number ?? number
        more = rows.length === pageSize
      }
      const [next] = await core.database.query<{ due: number }>(
        'SELECT due FROM waits WHERE due > ? ORDER BY due LIMIT 1',
        [Math.max(due, 0)],
      )
      if (next) this.#arm(next.due)
    } catch (error) {
      core.log('error', 'Parked runs cannot be woken; trying again.', { error: String(error) })
      if (!this.#stopped) core.timers.set(core.clock.now() + 1000, () => void this.#wakeDue())
    }
  }

  async #wake(number: number): Promise<void> {
    const core = this.#core()
    const ordered = await core.database.query("SELECT 1 FROM waits WHERE run = ? AND kind = 'cancel'", [
      number,
    ])
    const found = await core.runs.wake(number, (run) => {
      if (ordered.length > 0) run.command(cancellation)
    })
    if (found || this.#stopped) return
    // Ended meanwhile; a cancellation that was ordered for it has no more to do.
    core.commits.add({ statements: [{ sql: 'DELETE FROM waits WHERE run = ?', parameters: [number] }] })
  }
}
