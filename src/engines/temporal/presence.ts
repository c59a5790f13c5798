import { randomUUID } from 'node:crypto'
import { databaseNow, type Database } from '../../database/index.ts'
import { Lease } from './lease.ts'

const renewEvery = 3000
/** After this the row of a worker that was killed is of no use to anybody. */
const forgottenAfter = 3_600_000

/**
 * A worker says in the database that it lives: Temporal itself remembers for minutes those that have gone. It is known
 * to have gone at once when it closes, and by its silence when it was killed.
 */
export class Presence {
  readonly #lease: Lease
  #renewing: NodeJS.Timeout | undefined

  constructor(database: Database, build: string) {
    this.#lease = new Lease(database, `worker ${build} ${randomUUID()}`)
  }

  async open(): Promise<void> {
    await this.#lease.take()
    // Where the database does not answer the worker can carry out nothing either.
    const renew = () => void this.#lease.take().catch(() => {})
    this.#renewing = setInterval(renew, renewEvery).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#renewing)
    await this.#lease.release().catch(() => {})
  }
}

/** The builds that have workers. */
export async function buildsPresent(database: Database): Promise<Set<string>> {
  const rows = await database.query<{ name: string }>(
    `SELECT name FROM leases WHERE name LIKE 'worker %' AND until > ${databaseNow} ORDER BY name`,
  )
  return new Set(rows.map(({ name }) => name.split(' ')[1] ?? ''))
}

export async function forgetAbsent(database: Database): Promise<void> {
  const sql = `DELETE FROM leases WHERE name LIKE 'worker %' AND until < ${databaseNow} - ?`
  await database.commit([{ sql, parameters: [forgottenAfter] }])
}
