import { slowActivity, StuckRuns, type Stuck } from '../records/stuck-runs.ts'
import type { Cluster } from './cluster.ts'

/**
 * No run is stuck without saying so. For whoever leads: looks now and then for activities that take longer than any
 * timeout allows, wherever they are carried out.
 */
export class Watchdog {
  readonly #core: Cluster
  readonly #stuck: StuckRuns
  /** Runs whose workflow had ended before they had, at the last look. */
  lost: readonly Stuck[] = []
  #opened = false
  #lookedAt: number

  constructor(core: Cluster) {
    this.#core = core
    this.#stuck = new StuckRuns(() => core)
    this.#lookedAt = core.clock.now()
  }

  get stuckRuns(): number {
    return this.#stuck.size
  }

  /** Where it is time for it. */
  async look(): Promise<void> {
    const { clock, settings } = this.#core
    if (!this.#opened) await this.#stuck.open()
    this.#opened = true
    const now = clock.now()
    if (now - this.#lookedAt < settings.watchEvery) return
    this.#lookedAt = now
    const found = [...(await this.#slow(now)), ...this.lost]
    await this.#stuck.are(new Map(found.map((each) => [each.run, each])))
  }

  async #slow(now: number): Promise<Stuck[]> {
    const { database, settings } = this.#core
    const silent = now - 3 * settings.watchEvery
    const rows = await database.query<{ run: number; key: string; kind: string; began_at: number }>(
      'SELECT run, key, kind, began_at FROM long_effects WHERE seen_at >= ? ORDER BY began_at DESC LIMIT 10000',
      [silent],
    )
    const old = { sql: 'DELETE FROM long_effects WHERE seen_at < ?', parameters: [silent] }
    await database.commit([old], { quiet: true })
    return rows.map(({ run, key, kind, began_at: since }) => slowActivity(run, key, kind, since))
  }
}
