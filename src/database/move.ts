import { randomUUID } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { SluseError } from '../errors.ts'
import type { Database } from './database.ts'
import { databaseFile, openSqlite } from './sqlite.ts'
import type { Intake } from './postgres/move-in.ts'

export interface MoveOptions {
  /** The data folder whose records are moved; nobody may have it open. */
  readonly folder: string
  readonly url: string
  /** Told now and then how many rows of all are over there. */
  readonly progress?: (rows: number, of: number) => void
  /** Looks at what was moved before it counts; what it throws undoes the move. */
  readonly check?: (moved: Readable, source: Readable) => Promise<void>
}

type Readable = Pick<Database, 'query'>

export interface Moved {
  /** How many rows each table has. */
  readonly tables: { readonly [table: string]: number }
  readonly rows: number
  /** Where the old file is now: what it held is on the server. */
  readonly kept: string
}

/** Under this name the file stays, so that nobody goes on with it by accident. */
const movedFile = 'sluse-moved.db'

/**
 * Moves the records of a data folder to an empty database of a PostgreSQL server, as one transaction there: all of it,
 * or nothing. What was interrupted is done again by asking again, also where it was all but done.
 * Throws `SLUSE-STORE-LOCKED` where either is in use, and `SLUSE-MIGRATE`.
 */
export async function moveToPostgres(options: MoveOptions): Promise<Moved> {
  const { folder, url, progress = () => {}, check = async () => {} } = options
  const file = join(folder, databaseFile)
  const kept = join(folder, movedFile)
  if (!existsSync(file)) {
    const why = existsSync(kept) ? `What it held was moved: it is ${kept} now.` : 'There is nothing to move.'
    throw new SluseError('SLUSE-MIGRATE', `There is no ${file}. ${why}`)
  }
  const source = await openSqlite({ folder })
  try {
    const move = await nameOf(source)
    const { openIntake } = await import('./postgres/move-in.ts')
    const target = await openIntake(url)
    try {
      const tables = countsOf(file)
      if (!(await isThere(target, move))) {
        await mustBeEmpty(target, Object.keys(tables))
        await copyAll(file, tables, target, progress)
        await mustHave(target, tables)
        await check(target, source)
        await target.commit()
      }
      await source.close()
      renameSync(file, kept)
      const rows = Object.values(tables).reduce((sum, count) => sum + count, 0)
      return { tables, rows, kept }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** A name for this move, kept in what is moved: by it, one that was all but done is known over there. */
async function nameOf(source: Database): Promise<string> {
  const find = () => source.query<{ name: string }>("SELECT name FROM marks WHERE name LIKE 'moved %'")
  const sql = 'INSERT INTO marks (name, value) VALUES (?, ?)'
  if ((await find()).length === 0)
    await source.commit([{ sql, parameters: [`moved ${randomUUID()}`, Date.now()] }])
  return (await find())[0]?.name ?? ''
}

async function isThere(target: Intake, move: string): Promise<boolean> {
  return (await target.query('SELECT 1 FROM marks WHERE name = ?', [move])).length > 0
}

async function mustBeEmpty(target: Intake, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const rows = await target.query(`SELECT 1 FROM ${table} LIMIT 1`)
    if (rows.length > 0)
      throw new SluseError('SLUSE-MIGRATE', `The database is not empty: ${table} has rows.`)
  }
}

async function mustHave(target: Intake, tables: Moved['tables']): Promise<void> {
  for (const [table, count] of Object.entries(tables)) {
    const [row] = await target.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)
    if (row?.rows !== count)
      throw new SluseError('SLUSE-MIGRATE', `Of ${count} rows of ${table}, ${row?.rows} came over.`)
  }
}

function countsOf(file: string): Moved['tables'] {
  const reader = new Sqlite(file, { readonly: true })
  try {
    const tables = reader
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all([]) as { name: string }[]
    return Object.fromEntries(
      tables
        .filter(({ name }) => name !== 'migrations')
        .map(({ name }) => {
          const { rows } = reader.prepare(`SELECT count(*) AS rows FROM ${name}`).get([]) as { rows: number }
          return [name, rows]
        }),
    )
  } finally {
    reader.close()
  }
}

/** About as many bytes are in memory at a time. */
const pageBytes = 4_000_000
const mostRows = 1000

async function copyAll(
  file: string,
  tables: Moved['tables'],
  target: Intake,
  progress: (rows: number, of: number) => void,
): Promise<void> {
  const all = Object.values(tables).reduce((sum, count) => sum + count, 0)
  const reader = new Sqlite(file, { readonly: true })
  let done = 0
  try {
    for (const table of Object.keys(tables)) {
      const columns = (reader.prepare(`PRAGMA table_info(${table})`).all([]) as { name: string }[]).map(
        ({ name }) => name,
      )
      const rows = await target.table(table, columns)
      const page = reader.prepare(
        `SELECT rowid AS at_row, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      )
      // Rows differ in size: how many are read at a time follows from those before.
      for (let after = 0, limit = 20; ;) {
        const some = page.all([after, limit]) as { readonly [column: string]: string | number | null }[]
        const end = some.at(-1)
        if (!end) break
        after = end.at_row as number
        const bytes = await rows.write(some)
        limit = Math.max(1, Math.min(mostRows, Math.floor((pageBytes * some.length) / Math.max(bytes, 1))))
        done += some.length
        progress(done, all)
      }
      await rows.end()
    }
  } finally {
    reader.close()
  }
}
