import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresBinaries } from '../../../test/servers/postgres/index.ts'
import { sharedPostgres } from '../../../test/servers/postgres/shared.ts'
import type { Database } from '../database.ts'
import { openDatabase, type DatabaseOptions } from '../open.ts'

/** The databases over which a suite runs: `describe.each(databases)`. */
export const databases = ['SQLite', 'PostgreSQL'] as const

export type DatabaseKind = (typeof databases)[number]

/** Where PostgreSQL is not installed, its half of a suite is left out; `SLUSE_TEST_REQUIRE_SERVERS` makes that a failure. */
export const isMissing = (kind: DatabaseKind): boolean =>
  kind === 'PostgreSQL' && postgresBinaries() === undefined && !process.env.SLUSE_TEST_REQUIRE_SERVERS

export interface TestDatabase {
  readonly folder: string
  /** What `openDatabase` takes. */
  readonly options: DatabaseOptions
  /** Opens it, however often; each is closed in the end, if it is not yet. */
  open(options?: Partial<DatabaseOptions>): Promise<Database>
  remove(): Promise<void>
}

/** A database of its own, with nothing in it: a folder, and a schema of the server that all tests share. */
export async function testDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-database-'))
  const schema = kind === 'PostgreSQL' ? await makeSchema() : undefined
  const options = { folder, ...(schema && { url: schema.url }) }
  const opened: Database[] = []
  return {
    folder,
    options,
    async open(more = {}) {
      const database = await openDatabase({ ...options, ...more })
      opened.push(database)
      return database
    },
    async remove() {
      for (const database of opened) await database.close()
      await schema?.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function makeSchema(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = await sharedPostgres()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await ask(server, `CREATE SCHEMA ${name}`)
  return {
    url: `${server}?options=${encodeURIComponent(`-c search_path=${name}`)}`,
    drop: () => ask(server, `SET client_min_messages = error; DROP SCHEMA ${name} CASCADE`),
  }
}

/** Past the port, as somebody would who has the database. */
export async function ask(url: string, sql: string): Promise<void> {
  const { default: pg } = await import('pg')
  const options = new URL(url).searchParams.get('options')
  const client = new pg.Client({ connectionString: url.split('?')[0], ...(options !== null && { options }) })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
