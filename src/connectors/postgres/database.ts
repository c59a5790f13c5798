import type { Client, ClientConfig } from 'pg'
import { fault, type JsonObject } from '../../workflow/index.ts'
import type { SqlDatabase, SqlSession, SqlTable } from '../sql/index.ts'
import { SqlRefusal } from '../sql/index.ts'
import { postgresFault } from './faults.ts'
import { Loader } from './load.ts'
import { itemTypes, quote, textReaders } from './values.ts'

/** PostgreSQL behind the port of `sql/`. The driver loads on first use. */
export function postgresDatabase(config: ClientConfig): SqlDatabase {
  return {
    connect: (signal) => connect(config, signal),
    quote,
    parameter: (n) => `$${n}`,
    asText: (expression) => `${expression}::text`,
    secondsAgo: (seconds) => `now() - interval '${Math.floor(seconds)} seconds'`,
  }
}

async function connect(config: ClientConfig, signal: AbortSignal): Promise<SqlSession> {
  const { default: pg } = await import('pg')
  const shown = `${config.host}:${config.port}/${config.database}`
  const client = new pg.Client({ ...config, types: { getTypeParser: readerOf(pg.types) } })
  let lost: unknown
  // A connection that breaks while nothing is asked of it must not end the process.
  client.on('error', (error) => (lost = error))
  const stop = () => destroy(client)
  signal.addEventListener('abort', stop, { once: true })
  const safely = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      if (lost !== undefined) throw lost
      return await operation()
    } catch (error) {
      signal.throwIfAborted()
      throw postgresFault(error, shown)
    }
  }
  const close = async () => {
    signal.removeEventListener('abort', stop)
    await Promise.race([client.end().catch(() => {}), new Promise((done) => setTimeout(done, 1000).unref())])
    destroy(client)
  }
  try {
    await safely(async () => {
      signal.throwIfAborted()
      await client.connect()
      await client.query("set time zone 'UTC'; set datestyle to 'ISO'; set extra_float_digits to 3")
    })
  } catch (error) {
    await close()
    throw error
  }
  const statement = (sql: string) => safely(async () => void (await client.query(sql)))
  const loader = new Loader(client, shown)
  return {
    run: (sql, parameters = []) =>
      safely(async () => (await client.query<JsonObject>(sql, [...parameters])).rows),
    async *rows(sql, parameters, pieceSize, reading) {
      const { default: Cursor } = await import('pg-cursor')
      const cursor = client.query(new Cursor<JsonObject>(sql, [...parameters]))
      const stopReading = () => destroy(client)
      reading.addEventListener('abort', stopReading, { once: true })
      try {
        for (;;) {
          reading.throwIfAborted()
          const rows = await safely(() => cursor.read(pieceSize)).catch((error: unknown) => {
            reading.throwIfAborted()
            throw error instanceof SqlRefusal ? fault('validation', `${shown}: ${error.message}.`) : error
          })
          if (rows.length === 0) return
          yield rows
        }
      } finally {
        reading.removeEventListener('abort', stopReading)
        if (!reading.aborted) await cursor.close().catch(() => {})
      }
    },
    table: (name) => safely(() => findTable(client, name)),
    begin: () => {
      loader.began()
      return statement('begin')
    },
    commit: () =>
      safely(async () => {
        const { command } = await client.query('commit')
        if (command !== 'COMMIT') throw new Error('the transaction was undone')
      }),
    rollback: () => statement('rollback'),
    load: (table, how, rows) => safely(() => loader.load(table, how, rows)),
    close,
  }
}

/** Without waiting for the server: for what was cancelled. */
function destroy(client: Client): void {
  ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
}

function readerOf(types: { getTypeParser(oid: number, format: 'text'): unknown }) {
  return (oid: number, format?: string): unknown => {
    if (format === 'binary') return types.getTypeParser(oid, 'text')
    const item = itemTypes[oid]
    if (item === undefined) return textReaders[oid] ?? String
    const read = textReaders[item] ?? String
    // The driver knows how arrays are written: items come as texts, and are read as we read them.
    const parseTexts = types.getTypeParser(1009, 'text') as (text: string) => unknown[]
    const each = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(each) : typeof value === 'string' ? read(value) : value
    return (text: string) => parseTexts(text).map(each)
  }
}

async function findTable(client: Client, name: string): Promise<SqlTable> {
  const [table, schema] = name.split('.').reverse() as [string, string | undefined]
  const { rows } = await client.query<{ oid: number; schema: string }>(
    `select c.oid::int8 as oid, n.nspname as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and case when $2::text is null then pg_table_is_visible(c.oid) else n.nspname = $2 end`,
    [table, schema ?? null],
  )
  const [found] = rows
  if (!found) {
    throw fault('configuration', `There is no table ${name}, or it may not be seen by ${client.user}.`)
  }
  const columns = await client.query<{ name: string; type: string; generated: boolean }>(
    `select attname as name, format_type(atttypid, null) as type, attgenerated <> '' or attidentity = 'a' as generated
      from pg_attribute where attrelid = $1::oid and attnum > 0 and not attisdropped order by attnum`,
    [found.oid],
  )
  const indexes = await client.query<{ columns: string[]; primary: boolean }>(
    `select array(select a.attname::text from unnest(i.indkey) with ordinality k(attnum, at)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.at) as columns,
        i.indisprimary as primary
      from pg_index i where i.indrelid = $1::oid and i.indisunique and i.indpred is null and i.indexprs is null`,
    [found.oid],
  )
  return {
    name: `${quote(found.schema)}.${quote(table)}`,
    columns: columns.rows,
    primaryKey: indexes.rows.find(({ primary }) => primary)?.columns ?? [],
    unique: indexes.rows.map((index) => index.columns),
  }
}
