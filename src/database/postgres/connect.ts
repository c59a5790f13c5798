import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Client, ClientConfig } from 'pg'
import { SluseError } from '../../errors.ts'

/** What the driver needs to know, read from `SLUSE_DATABASE_URL`. Throws `SLUSE-SETTING`; its message holds no secret. */
export function readDatabaseUrl(text: string): ClientConfig {
  const refused = (why: string) => new SluseError('SLUSE-SETTING', `databaseUrl: ${why}`)
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text))
    throw refused('write postgres://user:password@host:port/database.')
  const url = new URL(text)
  const { searchParams: given } = url
  const host = given.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '')
  if (host === '') throw refused('it names no host.')
  const options = given.get('options')
  return {
    host,
    port: Number(given.get('port') ?? (url.port || 5432)),
    database: decodeURIComponent(url.pathname.slice(1)) || 'sluse',
    user: decodeURIComponent(url.username) || 'sluse',
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(options !== null && { options }),
    ssl: tls(given, host, refused),
  }
}

/** As `sslmode` says; without it, what leaves this machine is encrypted and goes to whom it is meant for. */
function tls(
  given: URLSearchParams,
  host: string,
  refused: (why: string) => SluseError,
): ClientConfig['ssl'] {
  const local = /^(localhost|127\.\d+\.\d+\.\d+|::1|\/.*)$/.test(host)
  const mode = given.get('sslmode') ?? (local ? 'disable' : 'verify-full')
  const file = given.get('sslrootcert')
  const authority = () => {
    try {
      return file === null ? {} : { ca: readFileSync(file, 'utf8') }
    } catch (error) {
      throw refused(`sslrootcert cannot be read (${(error as NodeJS.ErrnoException).code}).`)
    }
  }
  switch (mode) {
    case 'disable':
      return false
    case 'require':
      return { rejectUnauthorized: false }
    case 'verify-ca':
      return { ...authority(), checkServerIdentity: () => undefined }
    case 'verify-full':
      return authority()
    default:
      throw refused('sslmode is disable, require, verify-ca or verify-full.')
  }
}

/** For people who look at who is connected; at most 63 bytes. */
export function applicationName(role: string): string {
  return `sluse ${role} ${process.pid}@${hostname()}`.slice(0, 63)
}

/** How values come: times and counts as numbers, truth as 1 or 0, all else as text. */
export const types = {
  getTypeParser: (oid: number) => {
    if (oid === boolean) return (text: string) => (text === 't' ? 1 : 0)
    return numbers.has(oid) ? Number : String
  },
}

const boolean = 16
const numbers = new Set([20, 21, 23, 26, 700, 701, 1700])

export const connectionDefaults = {
  types,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  connectionTimeoutMillis: 5000,
} satisfies ClientConfig

/** A connection of its own; `lost` is told once when it breaks. */
export async function connect(config: ClientConfig, lost: (error: Error) => void): Promise<Client> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ ...connectionDefaults, ...config })
  client.on('error', lost)
  await client.connect()
  return client
}

/** Without waiting for the server. */
export function destroy(client: Client): void {
  ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
}
