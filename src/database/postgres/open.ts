import type { Client } from 'pg'
import type { CommitOptions, Database, Row, SqlValue, Statement } from '../database.ts'
import { migrate } from '../migrate.ts'
import { applicationName, connect, readDatabaseUrl } from './connect.ts'
import { schemaInPostgres } from './dialect.ts'
import { atTheDoor } from './examine.ts'
import { storeError } from './faults.ts'
import { advanceNumbers, layGroundwork } from './groundwork.ts'
import { openNews } from './news.ts'
import { openReader } from './reader.ts'
import { Writer, type WriterOptions } from './writer.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full` */
  readonly url: string
  /** Whether nobody else may have it open at the same time. */
  readonly exclusive: boolean
  readonly log?: WriterOptions['log']
  /** Milliseconds for which reading and writing wait for a database that is away, before they fail. Default: 10 s. */
  readonly patience?: number
  /** How many questions may be asked at the same time. Default: 8. */
  readonly connections?: number
}

/** Of a commit of which nothing is heard for so long, the connection is gone. */
const silence = 60_000

/**
 * Opens a database of a PostgreSQL server and brings its schema up to date. One connection writes, a few read, one
 * hears what others write. Throws `SLUSE-STORE-LOCKED` where somebody has it who shares it with nobody,
 * `SLUSE-STORE-UNREACHABLE` where it may be there in a while, and `SLUSE-STORE-REFUSED` where waiting is of no use.
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const { exclusive, log = () => {}, patience = 10_000, connections = 8 } = options
  const config = readDatabaseUrl(options.url)
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each()
  }
  let ground: Client | undefined
  try {
    const grounds = { ...config, application_name: applicationName('migrates') }
    ground = await connect(grounds, () => {}).catch((error: unknown) => {
      throw atTheDoor(error)
    })
    await layGroundwork(ground)
    const writing: WriterOptions = { config, exclusive, patience, log }
    const writer = new Writer(writing)
    await writer.open()
    closers.push(() => writer.close())
    const reader = await openReader({ config, connections, patience })
    closers.push(() => reader.close())
    const plain = {
      query: <R extends Row>(sql: string, parameters: readonly SqlValue[] = []) =>
        reader.query<R>(sql, parameters),
      commit: (statements: readonly Statement[], how?: CommitOptions) => writer.commit(statements, how),
    }
    await migrate(plain, (statement) =>
      typeof statement === 'string' ? schemaInPostgres(statement) : statement.postgres,
    )
    await advanceNumbers(ground)
    writing.silence = silence

    const listeners = new Set<() => void>()
    const tell = () => {
      for (const listener of listeners) queueMicrotask(listener)
    }
    const news = await openNews(config, tell)
    closers.push(() => news.close())
    let closed: Promise<void> | undefined
    return {
      query: plain.query,
      async commit(statements, how) {
        await writer.commit(statements, how)
        if (how?.quiet) return
        tell()
        news.tell()
      },
      onCommit(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      away: () => writer.away,
      close: () => (closed ??= close()),
    }
  } catch (error) {
    await close()
    throw storeError(error)
  } finally {
    await ground?.end().catch(() => {})
  }
}
