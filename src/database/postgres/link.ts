import { randomUUID } from 'node:crypto'
import type { Client, ClientConfig } from 'pg'
import { SluseError } from '../../errors.ts'
import type { Statement } from '../database.ts'
import { applicationName, connect, destroy } from './connect.ts'
import { lockClass, ordersOf, Prepared, Transaction, type Order } from './transaction.ts'

export interface LinkOptions {
  readonly config: ClientConfig
  /** Whether nobody else may have the database open; else others may, who share it too. */
  readonly exclusive: boolean
}

export interface TransactionOptions {
  /** Nobody is to hear of it. */
  readonly quiet?: boolean
  /** Milliseconds. Default: any time. */
  readonly silence?: number | undefined
}

/**
 * One connection that writes. It has a row of its own, in which each of its transactions notes its number: so that,
 * when the connection breaks, the next can find out what became of the last one.
 */
export class Link {
  readonly id = randomUUID()
  readonly #client: Client
  readonly #prepared = new Prepared()
  #number = 0
  /** Of the last transaction that others are to hear of. */
  #news = 0
  #broken: Error | undefined

  private constructor(client: Client) {
    this.#client = client
  }

  /** `before` is one that broke. Throws `SLUSE-STORE-LOCKED` where somebody else has the database. */
  static async open({ config, exclusive }: LinkOptions, before?: string): Promise<Link> {
    let link: Link | undefined
    let broken: Error | undefined
    const client = await connect({ ...config, application_name: applicationName('writes') }, (error) => {
      broken = error
      if (link) link.#broken = error
    })
    try {
      await mustBeWritable(client)
      if (before !== undefined) await endSession(client, before)
      await hold(client, exclusive)
      link = new Link(client)
      if (broken) link.#broken = broken
      await client.query(
        'INSERT INTO sluse_writers (id, pid, last, closed, seen_at) VALUES ($1, pg_backend_pid(), 0, false, now())',
        [link.id],
      )
      return link
    } catch (error) {
      destroy(client)
      throw error
    }
  }

  get broken(): boolean {
    return this.#broken !== undefined
  }

  /** The number under which the last transaction was sent. */
  get number(): number {
    return this.#number
  }

  /** Resolves once it is durable. Where nothing is heard of it for `silence` milliseconds, the connection is broken. */
  transact(statements: readonly Statement[], { quiet, silence }: TransactionOptions = {}): Promise<void> {
    const number = ++this.#number
    if (!quiet) this.#news = number
    const note: Order = {
      sql: `WITH changed AS (UPDATE sluse_writers SET last = $2::bigint, news = $3::bigint, seen_at = now()
          WHERE id = $1 AND NOT closed RETURNING 1)
        SELECT sluse_expect(count(*), 1) FROM changed`,
      parameters: [this.id, number, this.#news],
      kept: true,
    }
    let timer: NodeJS.Timeout | undefined
    return new Promise<void>((resolve, reject) => {
      if (this.#broken) return reject(this.#broken)
      const orders = [note, ...ordersOf(statements)]
      this.#client.query(new Transaction(orders, this.#prepared, resolve, reject))
      if (silence !== undefined) timer = setTimeout(() => this.destroy(), silence)
    }).finally(() => clearTimeout(timer))
  }

  /** Whether transaction `number` of a connection that broke was made. It can make none after this. */
  async wasWritten(id: string, number: number): Promise<boolean> {
    const { rows } = await this.#client.query<{ last: number }>(
      'UPDATE sluse_writers SET closed = true WHERE id = $1 RETURNING last',
      [id],
    )
    return (rows[0]?.last ?? 0) >= number
  }

  async close(): Promise<void> {
    await this.#client.query('DELETE FROM sluse_writers WHERE id = $1', [this.id]).catch(() => {})
    await this.#client.end().catch(() => {})
  }

  /** What must not be waited for. */
  destroy(): void {
    this.#broken ??= new Error('The connection was given up.')
    destroy(this.#client)
  }
}

async function mustBeWritable(client: Client): Promise<void> {
  const { rows } = await client.query<{ copy: number; durable: string }>(
    "SELECT pg_is_in_recovery() AS copy, current_setting('synchronous_commit') AS durable",
  )
  if (rows[0]?.copy === 1) throw new Error('It is a copy that cannot be written to.')
  // Nothing is acknowledged before it is durable, whatever is set for this user.
  if (rows[0]?.durable === 'off') await client.query('SET synchronous_commit = on')
}

/** A connection that broke on our side may live on at the server, and hold locks. */
async function endSession(client: Client, id: string): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE pid = (SELECT pid FROM sluse_writers WHERE id = $1) AND application_name = $2`,
    [id, applicationName('writes')],
  )
}

const installation = "hashtext(current_schema() || ' open')"

/** Until the connection ends. The server that is to let go may take a moment to. */
async function hold(client: Client, exclusive: boolean): Promise<void> {
  const kind = exclusive ? '' : '_shared'
  const sql = `SELECT pg_try_advisory_lock${kind}(${lockClass}, ${installation}) AS held`
  for (let tries = 0; tries < 10; tries++) {
    const { rows } = await client.query<{ held: number }>(sql)
    if (rows[0]?.held === 1) return
    await new Promise((done) => setTimeout(done, 100))
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT application_name AS name FROM pg_stat_activity WHERE pid IN (
       SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = ${lockClass}
         AND objid::bigint = (${installation}::bigint & 4294967295)) LIMIT 1`,
  )
  throw new SluseError('SLUSE-STORE-LOCKED', `The database is held by ${rows[0]?.name ?? 'another process'}.`)
}
