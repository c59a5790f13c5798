import type { Cluster } from './cluster.ts'

interface Effect {
  readonly run: number
  readonly key: string
  readonly kind: string
  readonly beganAt: number
  told: boolean
}

/**
 * The effects under way in this process. Those that take long it writes down, again and again, so that whoever leads can
 * tell of them; what nobody writes down any more is over, or its process is.
 */
export class UnderWay {
  readonly #core: () => Cluster
  readonly #effects = new Set<Effect>()
  #stopTimer: (() => void) | undefined
  #stopped = false

  constructor(core: () => Cluster) {
    this.#core = core
  }

  open(): void {
    const { timers, clock, settings } = this.#core()
    if (this.#stopped) return
    this.#stopTimer = timers.set(
      clock.now() + settings.watchEvery,
      () => void this.#tell().then(() => this.open()),
    )
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer?.()
  }

  /** Returns what to call when it has ended, however. */
  began(run: number, key: string, kind: string): () => void {
    const effect = { run, key, kind, beganAt: this.#core().clock.now(), told: false }
    this.#effects.add(effect)
    return () => {
      this.#effects.delete(effect)
      if (!effect.told) return
      const sql = 'DELETE FROM long_effects WHERE run = ? AND key = ?'
      // Where it cannot be written the row is too old soon.
      this.#core()
        .database.commit([{ sql, parameters: [run, key] }])
        .catch(() => {})
    }
  }

  async #tell(): Promise<void> {
    const { database, clock, settings, log } = this.#core()
    const now = clock.now()
    const long = [...this.#effects].filter(({ beganAt }) => beganAt < now - settings.stuckAfter)
    if (long.length === 0) return
    const sql = `INSERT INTO long_effects (run, key, kind, began_at, seen_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (run, key) DO UPDATE SET began_at = excluded.began_at, seen_at = excluded.seen_at`
    try {
      const rows = long.map(({ run, key, kind, beganAt }) => [run, key, kind, beganAt, now])
      await database.commit(
        rows.map((parameters) => ({ sql, parameters })),
        { quiet: true },
      )
      for (const effect of long) effect.told = true
    } catch (error) {
      log('warn', 'Activities that take long cannot be told of; trying again.', { error: String(error) })
    }
  }
}
