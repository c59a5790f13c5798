import type { Database } from './database.ts'
import type { PostgresOptions } from './postgres/open.ts'
import { openSqlite, type SqliteOptions } from './sqlite.ts'

export interface DatabaseOptions extends SqliteOptions, Omit<PostgresOptions, 'url' | 'exclusive'> {
  /** A PostgreSQL server's database (`SLUSE_DATABASE_URL`) instead of the folder's. */
  readonly url?: string | undefined
  /** Whether no other process may have it open. Default: true; SQLite is never shared. */
  readonly exclusive?: boolean
}

/** Opens where records are kept, and brings its schema up to date. Throws `SLUSE-STORE-LOCKED` where somebody else has it. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, exclusive = true } = options
  if (url === undefined) return openSqlite(options)
  const { openPostgres } = await import('./postgres/open.ts')
  return openPostgres({ ...options, url, exclusive })
}
