import { SluseError } from '../../errors.ts'
import { migrations } from '../migrations/index.ts'
import { applicationName, connect, readDatabaseUrl } from './connect.ts'
import { isRefusal, storeError } from './faults.ts'
import { mustFit } from './groundwork.ts'

/** What a PostgreSQL server says of itself, and of the records on it. */
export interface ExaminedPostgres {
  readonly version: string
  readonly bytes: number
  /** How many migrations behind this version the schema is; all of them where nothing was kept there yet. */
  readonly behind: number
  readonly empty: boolean
  /** How many more connections this user would be given. */
  readonly connectionsLeft: number
}

/**
 * Asks it; nothing is written, so that a newer version may look at what an older one is using. Throws what would keep a
 * server from starting: `SLUSE-STORE-UNREACHABLE`, `SLUSE-STORE-REFUSED`, `SLUSE-STORE-NEWER`, `SLUSE-STORE`.
 */
export async function examinePostgres(url: string): Promise<ExaminedPostgres> {
  const config = readDatabaseUrl(url)
  const name = applicationName('examines')
  const options = { ...config, application_name: name }
  const client = await connect(options, () => {}).catch((error: unknown) => {
    throw atTheDoor(error)
  })
  try {
    await mustFit(client)
    const { rows } = await client.query<{
      version: string
      bytes: number
      copy: number
      kept: number
      left: number
    }>(`SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes,
      pg_is_in_recovery() AS copy, to_regclass('migrations') IS NOT NULL AS kept,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS left`)
    const { version = '', bytes = 0, copy, kept, left = 0 } = rows[0] ?? {}
    if (copy === 1)
      throw new SluseError('SLUSE-STORE-UNREACHABLE', '(It is a copy that cannot be written to.)')
    const done =
      kept === 1 ? await client.query<{ number: number }>('SELECT number FROM migrations') : undefined
    const applied = new Set((done?.rows ?? []).map(({ number }) => number))
    const known = migrations.map(({ number }) => number)
    const newest = Math.max(0, ...applied)
    const last = Math.max(...known)
    if (newest > last)
      throw new SluseError('SLUSE-STORE-NEWER', `It has schema ${newest}, this version knows ${last}.`)
    const behind = known.filter((number) => !applied.has(number)).length
    return { version, bytes, behind, empty: applied.size === 0, connectionsLeft: left }
  } catch (error) {
    throw storeError(error)
  } finally {
    await client.end().catch(() => {})
  }
}

/** Why no connection came about: whether it is of use to wait. */
export function atTheDoor(error: unknown): SluseError {
  const { code, message } = error as { code?: string; message: string }
  return isRefusal(error)
    ? new SluseError('SLUSE-STORE-REFUSED', `(${[code, message].filter(Boolean).join(' ')})`, {
        cause: error,
      })
    : storeError(error)
}
