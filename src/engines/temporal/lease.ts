import { randomUUID } from 'node:crypto'
import type { Database } from '../../database/index.ts'
import { hasCode } from '../../errors.ts'

/** How long one that has died holds up the others. Clocks of the machines may differ by much less. */
const heldFor = 10_000

/** What only one process of the installation may do at a time: whoever holds this. */
export class Lease {
  readonly #database: Database
  readonly #now: () => number
  readonly #name: string
  readonly #holder = randomUUID()

  constructor(database: Database, now: () => number, name: string) {
    this.#name = name
    this.#database = database
    this.#now = now
  }

  /** Takes it or keeps it; `false` where another process has it. */
  async take(): Promise<boolean> {
    const now = this.#now()
    const make = `INSERT INTO leases (name, holder, until) VALUES (?, '', 0) ON CONFLICT DO NOTHING`
    const take = 'UPDATE leases SET holder = ?, until = ? WHERE name = ? AND (holder = ? OR until < ?)'
    try {
      await this.#database.commit([
        { sql: make, parameters: [this.#name] },
        { sql: take, parameters: [this.#holder, now + heldFor, this.#name, this.#holder, now], expect: 1 },
      ])
      return true
    } catch (error) {
      if (hasCode(error, 'SLUSE-STORE-CHANGED')) return false
      throw error
    }
  }

  /** Lets another process have it at once. */
  async release(): Promise<void> {
    const sql = 'DELETE FROM leases WHERE name = ? AND holder = ?'
    await this.#database.commit([{ sql, parameters: [this.#name, this.#holder] }])
  }
}
