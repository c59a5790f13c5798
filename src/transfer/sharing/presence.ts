import type { Database } from '../../database/index.ts'

export interface PresenceOptions {
  readonly name: string
  readonly now: () => number
  readonly heldFor: number
}

/** Lets the others know that this process takes jobs. */
export class Presence {
  readonly #database: Database
  readonly #options: PresenceOptions
  #timer: NodeJS.Timeout | undefined
  #telling: Promise<void> = Promise.resolve()

  constructor(database: Database, options: PresenceOptions) {
    this.#database = database
    this.#options = options
  }

  start(): void {
    const tell = () => {
      this.#telling = this.#tell().catch(() => {})
    }
    tell()
    this.#timer = setInterval(tell, this.#options.heldFor / 3)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    if (!this.#timer) return
    clearInterval(this.#timer)
    await this.#telling
    const sql = 'DELETE FROM transfer_processes WHERE name = ?'
    await this.#database.commit([{ sql, parameters: [this.#options.name] }]).catch(() => {})
  }

  async #tell(): Promise<void> {
    const { name, now, heldFor } = this.#options
    const at = now()
    await this.#database.commit([
      {
        sql: 'INSERT INTO transfer_processes (name, until) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET until = excluded.until',
        parameters: [name, at + heldFor],
      },
      // Of those that have died.
      { sql: 'DELETE FROM transfer_processes WHERE until < ?', parameters: [at - 10 * heldFor] },
    ])
  }
}
