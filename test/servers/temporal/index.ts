import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresBinaries, startPostgres, type PostgresServer } from '../postgres/index.ts'
import type { TestAuthority } from '../internet/certificates.ts'
import { databases, serverConfig, type Ports } from './config.ts'
import { registerNamespace } from './namespace.ts'

export interface TemporalServer {
  /** Host and port of its frontend. */
  readonly address: string
  readonly namespace: 'sluse-test'
  /** Where it keeps its data; other databases may be made beside its own. */
  readonly postgres: PostgresServer
  /** `SIGKILL`, as when the machine goes down. */
  kill(): Promise<void>
  /** On the same ports, with the same data. */
  start(): Promise<void>
  stop(): Promise<void>
}

const binaries = join(homedir(), '.cache', 'sluse-test-servers', 'bin')
const server = join(binaries, 'temporal-server')
const sqlTool = join(binaries, 'sql')
const namespace = 'sluse-test'

/** Whether all that it takes is there; it is the one server whose tests are left out where it cannot be built. */
export function hasTemporal(): boolean {
  return existsSync(server) && existsSync(sqlTool) && postgresBinaries() !== undefined
}

/**
 * A real server, all of its services in one process, on a PostgreSQL of its own. It is gone afterwards. `limits` are
 * settings of its dynamic configuration beside what all tests have; with `authority` it speaks TLS alone, with those that
 * it has certified.
 */
export async function startTemporal(
  limits: { [setting: string]: number } = {},
  authority?: TestAuthority,
): Promise<TemporalServer> {
  const postgres = await startPostgres({ settings: { max_connections: 120 } })
  const folder = mkdtempSync(join(tmpdir(), 'sluse-temporal-'))
  let running: Running | undefined
  const stop = async () => {
    await running?.end('SIGKILL')
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all(databases.map((database) => makeDatabase(postgres, database)))
    const ports = await freePorts()
    mkdirSync(join(folder, 'config'))
    const config = join(folder, 'config', 'server.yaml')
    const tls = authority && certify(authority, folder)
    for (const [file, text] of Object.entries(serverConfig(postgres, ports, folder, limits, tls?.files)))
      writeFileSync(join(folder, 'config', file), text)
    // An address is no name that TLS could be about.
    const address = `${authority ? 'localhost' : '127.0.0.1'}:${ports.frontend}`
    const start = async () => {
      running = run(config, folder)
      await running.until(() => registerNamespace(address, namespace, tls?.client))
    }
    await start()
    return { address, namespace, postgres, kill: async () => running?.end('SIGKILL'), start, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function certify(authority: TestAuthority, folder: string) {
  const { certificate, key } = authority.issue('127.0.0.1', 'localhost')
  const files = { certificate, key, authority: authority.certificate }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.pem`), text)
  const path = (name: string) => join(folder, `${name}.pem`)
  return {
    files: { certificate: path('certificate'), key: path('key'), authority: path('authority') },
    client: {
      serverRootCACertificate: Buffer.from(authority.certificate),
      clientCertPair: { crt: Buffer.from(certificate), key: Buffer.from(key) },
    },
  }
}

async function makeDatabase(postgres: PostgresServer, { name, schema, version }: (typeof databases)[number]) {
  const { host, port, user, password } = postgres
  const common = ['--plugin', 'postgres12', '--ep', host, '-p', String(port), '-u', user, '--pw', password]
  const tool = (...args: string[]) => promisify(execFile)(sqlTool, [...common, '--db', name, ...args])
  await tool('create-database')
  await tool('setup-schema', '--schema-name', schema, '--version', version)
}

async function freePorts(): Promise<Ports> {
  const names = ['frontend', 'http', 'history', 'matching', 'worker'] as const
  const members = ['frontendMember', 'historyMember', 'matchingMember', 'workerMember'] as const
  const found = new Set<number>()
  while (found.size < names.length + members.length) found.add(await freeLowPort())
  const ports = [...found]
  return Object.fromEntries([...names, ...members].map((name, at) => [name, ports[at]])) as never
}

/** The server's schema has a `smallint` for a port. */
async function freeLowPort(): Promise<number> {
  const port = 15_000 + Math.floor(Math.random() * 17_000)
  const probe = createServer()
  const free = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (free) await new Promise((resolve) => probe.close(resolve))
  return free ? port : freeLowPort()
}

interface Running {
  /** Tries until it succeeds; rejects where the server has ended or takes far too long. */
  until(attempt: () => Promise<void>): Promise<void>
  end(signal: NodeJS.Signals): Promise<void>
}

function run(config: string, folder: string): Running {
  const child: ChildProcess = spawn(server, ['--config-file', config, '--allow-no-auth', 'start'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const keep = (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000))
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    async until(attempt) {
      let last: unknown
      for (const before = Date.now(); Date.now() - before < 60_000;) {
        if (child.exitCode !== null || child.signalCode !== null) break
        try {
          return await attempt()
        } catch (error) {
          last = error
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      throw new Error(`Temporal did not start: ${String(last)}\n${log}`)
    },
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await ended
    },
  }
}
