import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'

export interface PostgresServer {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly database: 'postgres'
  readonly user: 'sluse'
  /** Asked for at every sign-in. */
  readonly password: string
  /** Where `psql` and its like are. */
  readonly binaries: string
  /** All that it has on disk. */
  readonly folder: string
  /** Of the first of its processes. */
  readonly pid: number
  /** `SIGKILL` to all of the server, as when the machine goes down. */
  kill(): Promise<void>
  /** On the same port, with the same data. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** The folder of PostgreSQL's programs (Debian keeps them out of the path), or `undefined` where it is not installed. */
export function postgresBinaries(): string | undefined {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const versions = readdirSync(root).sort((one, other) => Number(other) - Number(one))
  const found = versions
    .map((version) => join(root, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')))
  return found
}

export interface PostgresServerOptions {
  /** Server settings, `-c name=value`. */
  readonly settings?: { readonly [name: string]: string | number }
  /** PEM: then it speaks TLS, and nothing else. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

/** A real server on loopback, with a database of its own that is gone afterwards. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const binaries = postgresBinaries()
  if (binaries === undefined) throw new Error('PostgreSQL is not installed: scripts/install-test-servers.sh')
  const folder = mkdtempSync(join(tmpdir(), 'sluse-postgres-'))
  const data = join(folder, 'data')
  const password = 'hemmelig'
  const port = await freePort()
  const root = process.getuid?.() === 0
  // The server refuses to run as root.
  const as = (program: string, args: string[]): [string, string[]] =>
    root
      ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args]]
      : [program, args]
  const secret = join(folder, 'password')
  writeFileSync(secret, password)
  const tls = options.tls && tlsSettings(folder, options.tls)
  if (root) execFileSync('chown', ['-R', 'postgres:postgres', folder])
  const [initdb, words] = as(join(binaries, 'initdb'), [
    ...['-D', data, '-U', 'sluse', '-A', 'scram-sha-256', `--pwfile=${secret}`],
    ...['-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
  ])
  execFileSync(initdb, words, { stdio: 'pipe', cwd: folder })

  let server: ChildProcess | undefined
  const tryToStart = async (): Promise<{ ready: boolean; log: string }> => {
    const settings = {
      ...{ listen_addresses: '127.0.0.1', port, unix_socket_directories: '', max_connections: 50 },
      ...tls,
      ...options.settings,
    }
    const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const [command, all] = as(join(binaries, 'postgres'), ['-D', data, ...given])
    const started = spawn(command, all, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
    let log = ''
    started.stderr?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)))
    server = started
    for (let tries = 0; tries < 600 && started.exitCode === null; tries += 1) {
      if (log.includes('ready to accept connections')) return { ready: true, log }
      await new Promise((done) => setTimeout(done, 50))
    }
    return { ready: false, log }
  }
  const start = async () => {
    for (let tries = 0; ; tries += 1) {
      const { ready, log } = await tryToStart()
      if (ready) return
      // What one that was killed had just begun holds its memory and its port for a moment.
      const isHeld = /shared memory block .* still in use|could not bind|could not create any TCP/.test(log)
      if (!isHeld || tries === 40) throw new Error(`PostgreSQL did not start: ${log}`)
      await new Promise((done) => setTimeout(done, 250))
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    const ending = server
    server = undefined
    if (!ending || ending.exitCode !== null) return
    const ended = new Promise((done) => ending.once('exit', done))
    // One that serves a connection outlives the first process for a moment, and may answer once more.
    const serving = signal === 'SIGKILL' ? childrenOf(ending.pid ?? 0) : []
    ending.kill(signal)
    for (const pid of serving) kill(pid)
    await ended
  }
  await start()
  return {
    host: '127.0.0.1',
    port,
    database: 'postgres',
    user: 'sluse',
    password,
    binaries,
    folder,
    get pid() {
      return server?.pid ?? 0
    },
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      // Immediate: its data are not needed any more.
      await end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function tlsSettings(folder: string, { certificate, key }: NonNullable<PostgresServerOptions['tls']>) {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  return {
    ssl: 'on',
    ssl_cert_file: write('server.pem', certificate),
    ssl_key_file: write('server.key', key),
    hba_file: write('pg_hba.conf', 'hostssl all all 127.0.0.1/32 scram-sha-256\n'),
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was gone already.
  }
}
