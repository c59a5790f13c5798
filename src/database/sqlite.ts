import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import Sqlite from 'libsql'
import { SluseError } from '../errors.ts'
import type { Database, Row, SqlValue, Statement } from './database.ts'
import { lockFolder } from './lock.ts'
import { migrate } from './migrate.ts'

export interface SqliteOptions {
  /** Where the data lies (`SLUSE_DATA`); made if missing. One process at a time. */
  readonly folder: string
  /** Most bytes that the database may grow to; beyond, writing fails as on a full disk. Default: no bound. */
  readonly maxBytes?: number
}

/** Within the data folder. */
export const databaseFile = 'sluse.db'

const pageBytes = 4096

/**
 * Opens the data folder's SQLite database and brings its schema up to date. Writes go through a thread of their
 * own, reads through a second connection here. Throws `SLUSE-STORE-LOCKED` where another process holds the folder.
 */
export async function openSqlite(options: SqliteOptions): Promise<Database> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(options.folder)
  try {
    const file = join(options.folder, databaseFile)
    const pragmas = [
      'journal_mode = WAL',
      'synchronous = FULL',
      'busy_timeout = 10000',
      'wal_autocheckpoint = 4000',
      'journal_size_limit = 67108864',
      'cache_size = -32000',
      ...(options.maxBytes ? [`max_page_count = ${Math.ceil(options.maxBytes / pageBytes)}`] : []),
    ]
    const writer = startWriter(file, pragmas)
    await writer.send({ statements: [] })
    const database = overConnections(new Sqlite(file), writer, unlock)
    await migrate(database, (statement) => (typeof statement === 'string' ? statement : statement.sqlite))
    return database
  } catch (error) {
    unlock()
    throw error
  }
}

function overConnections(reader: Sqlite.Database, writer: Writer, unlock: () => void): Database {
  reader.exec('PRAGMA query_only = 1')
  reader.exec('PRAGMA busy_timeout = 10000')
  const listeners = new Set<() => void>()
  const prepared = new Map<string, Sqlite.Statement>()
  let closed: Promise<void> | undefined

  const prepare = (sql: string) => {
    let statement = prepared.get(sql)
    if (!statement) {
      if (prepared.size >= 200) prepared.clear()
      statement = reader.prepare(sql)
      prepared.set(sql, statement)
    }
    return statement
  }

  return {
    async query<R extends Row>(sql: string, parameters: readonly SqlValue[] = []) {
      try {
        return prepare(sql).all([...parameters]) as R[]
      } catch (cause) {
        throw storeError(cause)
      }
    },
    async commit(statements, { quiet = false } = {}) {
      await writer.send({ statements })
      if (quiet) return
      // Apart from this: what fails in one must not look as if the commit had.
      for (const listener of listeners) queueMicrotask(listener)
    },
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closed ??= (async () => {
        prepared.clear()
        reader.close()
        await writer.close()
        unlock()
      })()
      return closed
    },
  }
}

interface Order {
  readonly statements?: readonly Statement[]
}

interface Writer {
  send(order: Order): Promise<void>
  close(): Promise<void>
}

interface Answer {
  readonly id: number
  readonly error?: { readonly code: string; readonly message: string }
}

/** The writer thread (`sqlite-writer.js`) as promises. */
function startWriter(file: string, pragmas: readonly string[]): Writer {
  const thread = new Worker(new URL('./sqlite-writer.js', import.meta.url), { workerData: { file, pragmas } })
  const waiting = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>()
  let last = 0
  let dead: SluseError | undefined

  const fail = (cause: unknown) => {
    dead ??= storeError(cause)
    for (const { reject } of waiting.values()) reject(dead)
    waiting.clear()
  }
  thread.on('message', ({ id, error }: Answer) => {
    const caller = waiting.get(id)
    waiting.delete(id)
    if (error) caller?.reject(storeError(error))
    else caller?.resolve()
  })
  thread.on('error', fail)
  const exited = new Promise<void>((resolve) => {
    thread.on('exit', () => {
      fail(new Error('The database is closed.'))
      resolve()
    })
  })

  return {
    send(order) {
      if (dead) return Promise.reject(dead)
      return new Promise((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve, reject })
        thread.postMessage({ id, ...order })
      })
    },
    async close() {
      if (!dead) thread.postMessage({ id: ++last, close: true })
      await exited
    },
  }
}

/** SQLite's words for "no room"; whatever else it says is not for a caller to mend. */
const full = /SQLITE_FULL|ENOSPC|database or disk is full|No space left|SQLITE_IOERR_WRITE|disk I\/O error/

function storeError(cause: unknown): SluseError {
  const { code = '', message = '' } = cause as { code?: string; message?: string }
  if (code === 'CHANGED') return new SluseError('SLUSE-STORE-CHANGED')
  const reason = `${code} ${message}`.trim()
  return new SluseError(full.test(reason) ? 'SLUSE-STORE-FULL' : 'SLUSE-STORE', `(${reason})`, { cause })
}
