import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { postgresBinaries } from '../../../test/servers/postgres/index.ts'
import { sharedPostgres } from '../../../test/servers/postgres/shared.ts'
import type { Database, Row } from '../database.ts'
import { openDatabase, type DatabaseOptions } from '../open.ts'
import { connect, readDatabaseUrl } from '../postgres/connect.ts'

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

/** The tests of `suite`, over each of the databases. */
export function overDatabases(suite: (kind: DatabaseKind) => void): void {
  describe.each(databases)('on %s', (kind) => {
    if (isMissing(kind)) test.skip('PostgreSQL is not installed')
    else suite(kind)
  })
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
    drop: async () => void (await ask(server, `DROP SCHEMA ${name} CASCADE`)),
  }
}

/** Past the port, as somebody would who has the database. */
export async function ask(url: string, sql: string): Promise<Row[]> {
  const client = await connect(readDatabaseUrl(url), () => {})
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
