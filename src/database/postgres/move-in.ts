import type { Client } from 'pg'
import { from } from 'pg-copy-streams'
import type { Row, SqlValue } from '../database.ts'
import { applicationName, connect, readDatabaseUrl } from './connect.ts'
import { inPostgres, parameterText } from './dialect.ts'
import { storeError } from './faults.ts'
import { advanceNumbers } from './groundwork.ts'
import { openPostgres } from './open.ts'

/** One transaction that fills a database. */
export interface Intake {
  query<R extends Row>(sql: string, parameters?: readonly SqlValue[]): Promise<R[]>
  /** Takes rows of a table; each has these columns. */
  table(name: string, columns: readonly string[]): Promise<Rows>
  commit(): Promise<void>
  /** Undoes what was not committed. */
  close(): Promise<void>
}

interface Rows {
  /** Gives how many bytes they were. */
  write(rows: readonly { readonly [column: string]: SqlValue }[]): Promise<number>
  end(): Promise<void>
}

/** Brings the schema up to date, and holds the database for itself until it is closed. */
export async function openIntake(url: string): Promise<Intake> {
  const held = await openPostgres({ url, exclusive: true })
  let client: Client
  try {
    const config = { ...readDatabaseUrl(url), application_name: applicationName('moves') }
    client = await connect(config, () => {})
    await client.query('BEGIN')
  } catch (error) {
    await held.close()
    throw storeError(error)
  }
  const safely = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw storeError(error)
    })
  return {
    query: async <R extends Row>(sql: string, parameters: readonly SqlValue[] = []) =>
      (await safely(client.query<R>(inPostgres(sql), parameters.map(parameterText)))).rows,
    table: (name, columns) => safely(intoTable(client, name, columns)),
    async commit() {
      await safely(advanceNumbers(client))
      const { command } = await safely(client.query('COMMIT'))
      if (command !== 'COMMIT') throw storeError(new Error('the transaction was undone'))
    },
    async close() {
      await client.end().catch(() => {})
      await held.close()
    },
  }
}

async function intoTable(client: Client, table: string, columns: readonly string[]): Promise<Rows> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = $1`,
    [table],
  )
  const whole = new Set(rows.filter(({ type }) => type === 'bigint').map(({ name }) => name))
  const names = columns.map((name) => `"${name}"`).join(', ')
  const stream = client.query(from(`COPY ${table} (${names}) FROM STDIN`))
  const finished = new Promise<void>((resolve, reject) => {
    stream.on('finish', resolve)
    stream.on('error', (error) => reject(storeError(error)))
  })
  // It may fail while we still write: then waiting for it below tells why.
  finished.catch(() => {})
  return {
    async write(some) {
      let text = ''
      for (const row of some) {
        const values = columns.map((name) => copied(row[name] ?? null, whole.has(name)))
        text += `${values.join('\t')}\n`
      }
      if (!stream.write(text))
        await Promise.race([new Promise<void>((done) => stream.once('drain', done)), finished])
      return text.length
    },
    async end() {
      stream.end()
      await finished
    },
  }
}

const escapes: { readonly [character: string]: string } = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}

/** A value in the text format of COPY. SQLite keeps a fraction where a whole number is declared. */
function copied(value: SqlValue, whole: boolean): string {
  if (value === null) return '\\N'
  if (typeof value === 'number') return String(whole ? Math.round(value) : value)
  return (parameterText(value) ?? '').replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found)
}
