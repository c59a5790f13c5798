import type { Connection, Submittable } from 'pg'
import type { SqlValue, Statement } from '../database.ts'
import { inPostgres, parameterText, withFractions } from './dialect.ts'

/** One statement in PostgreSQL's words. */
export interface Order {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
  /** Worth keeping prepared. */
  readonly kept: boolean
}

/** What a transaction sends, in order: locks first and always in the same order, so that two do not wait for each other. */
export function ordersOf(statements: readonly Statement[]): Order[] {
  const turns = new Set<string>()
  for (const { turn, chain } of statements) {
    if (turn !== undefined) turns.add(turn)
    if (chain) turns.add(`chain ${chain.last}`)
  }
  return [...[...turns].sort().map(lock), ...statements.map(orderOf)]
}

/** Among the advisory locks of a database, ours; the second number tells them apart, by schema. */
export const lockClass = 0x51_05e

function lock(turn: string): Order {
  return {
    sql: `SELECT pg_advisory_xact_lock(${lockClass}, hashtext(current_schema() || $1::text))`,
    parameters: [turn],
    kept: true,
  }
}

function orderOf({ sql, parameters, expect, chain }: Statement): Order {
  if (!parameters) return { sql: inPostgres(sql), parameters: [], kept: false }
  let own = inPostgres(sql)
  let values = parameters
  if (chain) {
    own = linked(own, chain.last, parameters.length)
    values = [...parameters, chain.text]
  }
  if (expect !== undefined) {
    own = `WITH changed AS (${own} RETURNING 1)
      SELECT sluse_expect(count(*), $${values.length + 1}::bigint) FROM changed`
    values = [...values, expect]
  }
  return { sql: withFractions(own, values), parameters: values, kept: true }
}

/** The first two places are the number and the hash, computed where the last row is known; as `chainHash` in `chain.ts`. */
function linked(sql: string, last: string, given: number): string {
  const text = `$${given + 1}::text`
  const own = sql.replace(/\$(\d+)\b/g, (_, place: string) => {
    if (place === '1') return '(SELECT number + 1 FROM link)'
    if (place === '2')
      return `(SELECT encode(sha256(convert_to((number + 1)::text || chr(10) || hash || chr(10) || ${text}, 'UTF8')), 'hex') FROM link)`
    return `$${Number(place) - 2}`
  })
  return `WITH link AS (SELECT number, hash FROM (
      SELECT number, hash FROM (${last}) AS found UNION ALL SELECT 0, '') AS either ORDER BY number DESC LIMIT 1)
    ${own}`
}

/** The statements that a connection has prepared. */
export class Prepared {
  readonly #names = new Map<string, string>()
  #count = 0

  get full(): boolean {
    return this.#names.size >= 300
  }

  name(sql: string): { name: string; fresh: boolean } {
    const found = this.#names.get(sql)
    if (found !== undefined) return { name: found, fresh: false }
    const name = `s${++this.#count}`
    this.#names.set(sql, name)
    return { name, fresh: true }
  }

  clear(): void {
    this.#names.clear()
  }
}

/**
 * A transaction in one round trip: all of its statements are sent at once, with one `Sync` at their end. Until that,
 * they are one implicit transaction (PostgreSQL, "Pipelining"): the first that fails undoes all, and the answer to
 * `Sync` comes when it is durable.
 */
export class Transaction implements Submittable {
  readonly #orders: readonly Order[]
  readonly #prepared: Prepared
  readonly #done: () => void
  readonly #failed: (error: unknown) => void

  constructor(
    orders: readonly Order[],
    prepared: Prepared,
    done: () => void,
    failed: (error: unknown) => void,
  ) {
    this.#orders = orders
    this.#prepared = prepared
    this.#done = done
    this.#failed = failed
  }

  submit(connection: Connection): void {
    connection.stream.cork()
    try {
      if (this.#prepared.full) {
        this.#prepared.clear()
        this.#send(connection, { sql: 'DEALLOCATE ALL', parameters: [], kept: false })
      }
      for (const order of this.#orders) this.#send(connection, order)
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
  }

  #send(connection: Connection, { sql, parameters, kept }: Order): void {
    const { name, fresh } = kept ? this.#prepared.name(sql) : { name: '', fresh: true }
    if (fresh) connection.parse({ name, text: sql, types: [] }, true)
    connection.bind({ statement: name, values: parameters.map(parameterText) }, true)
    connection.execute({}, true)
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}

  handleReadyForQuery(): void {
    this.#done()
  }

  handleError(error: unknown): void {
    // What was sent behind the one that failed has not been prepared; the next transaction begins anew.
    this.#prepared.clear()
    this.#failed(error)
  }
}
