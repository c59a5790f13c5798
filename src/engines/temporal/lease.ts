import { randomUUID } from 'node:crypto'
import { commitIf, databaseNow, type Database, type Statement } from '../../database/index.ts'

/** How long one that has died holds up the others, in milliseconds. */
const heldFor = 10_000

/** What only one process of the installation may do at a time: whoever holds this. */
export class Lease {
  readonly #database: Database
  readonly #name: string
  readonly #holder = randomUUID()
  #held = false

  constructor(database: Database, name: string) {
    this.#name = name
    this.#database = database
  }

  /**
   * In a transaction, makes it fail with `SLUSE-STORE-CHANGED` where another process has taken the lease since: what one
   * that was silent for a while still sends must not be written beside what the other does.
   */
  get fence(): Statement {
    const sql = 'UPDATE leases SET until = until WHERE name = ? AND holder = ?'
    return { sql, parameters: [this.#name, this.#holder], expect: 1 }
  }

  /** Takes it or keeps it; `false` where another process has it. */
  async take(): Promise<boolean> {
    // Asked twice a second by all who wait for it: a transaction that fails is more than a question, and logged.
    if (!this.#held && (await this.#isAnothers())) return false
    const make = `INSERT INTO leases (name, holder, until) VALUES (?, '', 0) ON CONFLICT DO NOTHING`
    const take = `UPDATE leases SET holder = ?, until = ${databaseNow} + ${heldFor}
                  WHERE name = ? AND (holder = ? OR until < ${databaseNow})`
    const statements = [
      { sql: make, parameters: [this.#name] },
      { sql: take, parameters: [this.#holder, this.#name, this.#holder], expect: 1 },
    ]
    return (this.#held = await commitIf(this.#database, statements, { quiet: true }))
  }

  /** Lets another process have it at once. */
  async release(): Promise<void> {
    this.#held = false
    const sql = 'DELETE FROM leases WHERE name = ? AND holder = ?'
    await this.#database.commit([{ sql, parameters: [this.#name, this.#holder] }])
  }

  async #isAnothers(): Promise<boolean> {
    const sql = `SELECT 1 AS one FROM leases WHERE name = ? AND holder <> ? AND until >= ${databaseNow}`
    return (await this.#database.query(sql, [this.#name, this.#holder])).length > 0
  }
}
