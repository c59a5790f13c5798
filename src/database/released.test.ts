import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from './index.ts'
import { connect, readDatabaseUrl } from './postgres/connect.ts'
import { layGroundwork } from './postgres/groundwork.ts'
import { ask, overDatabases, testDatabase, type TestDatabase } from './testing/databases.ts'

/**
 * The schema of every released version, as that version made it. A release adds its file here, and nobody changes one:
 * what a municipality runs must come to what we run, with all that is in it.
 */
const folder = join(import.meta.dirname, 'testing', 'released')
const released = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), 'utf8')
  const schema = JSON.parse(text) as { migrations: number[]; sqlite: string[]; postgres: string[] }
  return [name.replace('.json', ''), schema] as const
})

/** Something in every kind of column. */
const rows = [
  "INSERT INTO runs (number, id, namespace, name, version, digest, status, active, started_at, depth, first_event) VALUES (7, 'r', 'n', 'å', '1', 'd', 'running', 1, 1767225600000, 0, 1)",
  'INSERT INTO journal (seq, run, data) VALUES (12, 7, \'{"a":"\\\\u0000"}\')',
  "INSERT INTO inbox (seq, source, id, type, received_at, consumed, data) VALUES (3, 's', 'i', 't', 5, 0, '{}')",
  "INSERT INTO waits (number, run, key, kind, hint_by, hint) VALUES (4, 7, 'k', 'event', '', '')",
  "INSERT INTO audit (number, hash, at, subject, action, resource, outcome, entry) VALUES (1, 'h', 1, 's', 'a', 'r', 'done', '{}')",
  "INSERT INTO audit_head (one, number, hash) VALUES (1, 1, 'h')",
  "INSERT INTO approvals (number, id, run, task, namespace, name, definition_version, title, status, opened_at, version, request, state) VALUES (11, 'a', 'r', 't', 'n', 'm', '1', 'Æ', 'open', 1, 0, '{}', '{}')",
  "INSERT INTO datasets (number, id, source, created_at, records, bytes, segment, \"offset\", batch, sealed) VALUES (2, 'd', 's', 1, 1, 1, 0, 17, 0, 1)",
  "INSERT INTO targets (key, per_second, held, changed_at) VALUES ('t', 0.5, 0, 1)",
  "INSERT INTO users (subject, name, groups, first_seen, last_seen) VALUES ('u', 'Åse', '[]', 1, 2)",
]
const tables = rows.map((sql) => /INTO (\w+)/.exec(sql)?.[1] ?? '')

overDatabases((kind) => {
  let old: TestDatabase
  let fresh: TestDatabase
  beforeEach(async () => {
    old = await testDatabase(kind)
    fresh = await testDatabase(kind)
  })
  afterEach(async () => {
    await old.remove()
    await fresh.remove()
  })

  test.each(released)(
    'what %s wrote comes to the schema of today, with every row as it was',
    async (_, schema) => {
      const numbers = schema.migrations.map((number) => `INSERT INTO migrations (number) VALUES (${number})`)
      const statements = [...(kind === 'SQLite' ? schema.sqlite : schema.postgres), ...numbers, ...rows]
      await make(old, statements)
      const before = await contents(old)
      const database = await old.open()
      expect(
        await Promise.all(tables.map((table) => database.query(`SELECT * FROM ${table}`))),
      ).toMatchObject(before)
      expect(await columnsOf(database, kind)).toEqual(await columnsOf(await fresh.open(), kind))
      // What the database numbers goes on after what was there.
      await database.commit([
        {
          sql: "INSERT INTO datasets (id, source, created_at, records, bytes, segment, \"offset\", batch, sealed) VALUES ('e', 's', 1, 1, 1, 0, 0, 0, ?)",
          parameters: [1],
        },
      ])
      expect(await database.query("SELECT number FROM datasets WHERE id = 'e'")).toEqual([{ number: 3 }])
    },
  )
})

async function make({ folder: at, options }: TestDatabase, statements: readonly string[]): Promise<void> {
  if (options.url !== undefined) {
    const client = await connect(readDatabaseUrl(options.url), () => {})
    await layGroundwork(client)
    await client.end()
    await ask(options.url, statements.join(';'))
    return
  }
  const file = new Sqlite(join(at, 'sluse.db'))
  for (const sql of statements) file.exec(sql)
  file.close()
}

/** Past the port: nothing is brought up to date by looking. */
async function contents({ folder: at, options }: TestDatabase): Promise<unknown[]> {
  const all: unknown[] = []
  for (const table of tables) {
    const sql = `SELECT * FROM ${table}`
    if (options.url !== undefined) all.push(await ask(options.url, sql))
    else {
      const file = new Sqlite(join(at, 'sluse.db'))
      all.push(file.prepare(sql).all([]))
      file.close()
    }
  }
  return all
}

function columnsOf(database: Database, kind: string): Promise<unknown[]> {
  return database.query(
    kind === 'SQLite'
      ? 'SELECT m.name AS name, m.type AS type, p.name AS part, p.type AS of, p."notnull" AS needed FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) p WHERE m.name NOT LIKE \'sqlite_%\' ORDER BY m.type, m.name, p.cid'
      : `SELECT table_name AS name, column_name AS part, data_type AS type, collation_name AS sorts, is_nullable AS needed FROM information_schema.columns
         WHERE table_schema = current_schema() UNION ALL
         SELECT tablename, indexname, replace(indexdef, current_schema(), ''), '', '' FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2`,
  )
}
