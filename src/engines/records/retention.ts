import type { Statement } from '../../database/index.ts'
import type { Records } from './records.ts'

/** What only the engine knows. */
export interface Keeping {
  /** Events up to this number wait for nobody any more. */
  settledTo(): number
  /** What to write so that numbers are not given again when the highest ones are gone. */
  marks(of: 'events' | 'runs'): readonly Statement[]
}

const pause = 60_000
const batch = 50
const manyRows = 1000

/** Takes away what has been kept long enough, a little at a time, so that nobody waits for it. */
export class Retention {
  readonly #core: Records
  readonly #keeping: Keeping
  #stop = () => {}
  #stopped = false

  constructor(core: Records, keeping: Keeping) {
    this.#core = core
    this.#keeping = keeping
  }

  open(): void {
    const { timers, clock } = this.#core
    if (this.#stopped) return
    this.#stop = timers.set(clock.now() + pause, () => void this.#pass().finally(() => this.open()))
  }

  stop(): void {
    this.#stopped = true
    this.#stop()
  }

  async #pass(): Promise<void> {
    try {
      while (!this.#stopped && (await this.#events())) await breath()
      while (!this.#stopped && (await this.#runs())) await breath()
    } catch (error) {
      this.#core.log('error', 'Old runs and events cannot be removed; trying again later.', {
        error: String(error),
      })
    }
  }

  /** Each answers whether there is more. What has been dispatched to nobody yet stays. */
  async #events(): Promise<boolean> {
    const { database, commits, clock, settings } = this.#core
    const rows = await database.query<{ seq: number }>(
      'SELECT seq FROM inbox WHERE received_at < ? AND seq <= ? ORDER BY received_at LIMIT ?',
      [clock.now() - settings.inboxRetention, this.#keeping.settledTo(), manyRows],
    )
    if (rows.length === 0) return false
    const seqs = rows.map(({ seq }) => seq)
    await commits.write({
      statements: [
        { sql: `DELETE FROM inbox WHERE seq IN (${places(seqs)})`, parameters: seqs },
        ...this.#keeping.marks('events'),
      ],
    })
    return rows.length === manyRows
  }

  /** A run goes when the one that waits for it has ended: a child after its parent. */
  async #runs(): Promise<boolean> {
    const { database, commits, clock, settings } = this.#core
    const rows = await database.query<{ number: number }>(
      `SELECT number FROM runs WHERE ended_at < ? AND NOT EXISTS
         (SELECT 1 FROM runs AS parents WHERE parents.number = runs.parent AND parents.ended_at IS NULL)
       ORDER BY ended_at LIMIT ?`,
      [clock.now() - settings.runRetentionDays * 86_400_000, batch],
    )
    if (rows.length === 0) return false
    const numbers = rows.map(({ number }) => number)
    await this.#journal(numbers)
    await this.#logs(numbers)
    await commits.write({
      statements: [
        { sql: `DELETE FROM runs WHERE number IN (${places(numbers)})`, parameters: numbers },
        { sql: `DELETE FROM waits WHERE run IN (${places(numbers)})`, parameters: numbers },
        ...this.#keeping.marks('runs'),
      ],
    })
    return rows.length === batch
  }

  async #journal(runs: readonly number[]): Promise<void> {
    const { database, commits } = this.#core
    for (;;) {
      const rows = await database.query<{ seq: number }>(
        `SELECT seq FROM journal WHERE run IN (${places(runs)}) LIMIT ?`,
        [...runs, manyRows],
      )
      const seqs = rows.map(({ seq }) => seq)
      if (seqs.length > 0) {
        await commits.write({
          statements: [{ sql: `DELETE FROM journal WHERE seq IN (${places(seqs)})`, parameters: seqs }],
        })
      }
      if (rows.length < manyRows) return
      await breath()
    }
  }

  /** What a run has said, and what was kept of it for another system, is bounded: a transaction for each. */
  async #logs(runs: readonly number[]): Promise<void> {
    const { database, commits } = this.#core
    const kept = `DELETE FROM payloads WHERE run IN (SELECT id FROM runs WHERE number IN (${places(runs)}))`
    await commits.write({ statements: [{ sql: kept, parameters: runs }] })
    const rows = await database.query<{ run: string }>(
      `SELECT DISTINCT run FROM run_logs WHERE run IN (SELECT id FROM runs WHERE number IN (${places(runs)}))`,
      runs,
    )
    for (const { run } of rows) {
      await commits.write({ statements: [{ sql: 'DELETE FROM run_logs WHERE run = ?', parameters: [run] }] })
      await breath()
    }
  }
}

function places(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ')
}

function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20).unref())
}
