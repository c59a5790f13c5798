import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'

export interface SftpServer {
  /** `127.0.0.1:<port>` */
  readonly address: string
  readonly username: string
  /** OpenSSH's own format, without and with a passphrase. */
  readonly privateKey: string
  readonly lockedPrivateKey: string
  readonly passphrase: string
  /** A key that the server does not know. */
  readonly strangeKey: string
  /** As a line: `ssh-ed25519 AAAA…`. */
  readonly hostPublicKey: string
  /** Of another kind that the server has, too. */
  readonly hostEcdsaKey: string
  /** Absolute; what connections may use as `rootPath`. */
  readonly folder: string
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const daemon = '/usr/sbin/sshd'

export const hasSftpServer = (): boolean => existsSync(daemon)

/** OpenSSH on loopback, with keys of its own; only its SFTP subsystem, only by key. */
export async function startSftp(): Promise<SftpServer> {
  const home = mkdtempSync(join(tmpdir(), 'sluse-sftp-'))
  const folder = join(home, 'files')
  mkdirSync(folder)
  const passphrase = 'låst'
  const makeKey = (name: string, type: string, secret = '') => {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', secret, '-C', name, '-f', join(home, name)])
    return readFileSync(join(home, name), 'utf8')
  }
  const publicKey = (name: string) => readFileSync(join(home, `${name}.pub`), 'utf8').trim()
  makeKey('host', 'ed25519')
  makeKey('host-ecdsa', 'ecdsa')
  const privateKey = makeKey('user', 'ed25519')
  const lockedPrivateKey = makeKey('locked', 'rsa', passphrase)
  const strangeKey = makeKey('strange', 'ed25519')
  writeFileSync(join(home, 'authorized_keys'), `${publicKey('user')}\n${publicKey('locked')}\n`)
  chmodSync(join(home, 'authorized_keys'), 0o600)
  const port = await freePort()
  const username = userInfo().username
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(home, 'host')}`,
    `HostKey ${join(home, 'host-ecdsa')}`,
    `AuthorizedKeysFile ${join(home, 'authorized_keys')}`,
    `PidFile ${join(home, 'pid')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'UsePAM no',
    'StrictModes no',
    'Subsystem sftp internal-sftp',
  ]
  writeFileSync(join(home, 'sshd_config'), `${settings.join('\n')}\n`)
  // The daemon drops its privileges in there while it waits for a sign-in.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })

  let server: ChildProcess | undefined
  const start = async () => {
    const started = spawn(daemon, ['-D', '-e', '-f', join(home, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    server = started
    let log = ''
    started.stderr?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)))
    for (let tries = 0; tries < 600; tries += 1) {
      if (started.exitCode !== null) throw new Error(`sshd did not start: ${log}`)
      if (log.includes('Server listening')) return
      await new Promise((done) => setTimeout(done, 50))
    }
    throw new Error(`sshd was not ready in time: ${log}`)
  }
  /** With all that it has forked for its connections. */
  const end = async () => {
    const ending = server
    server = undefined
    if (!ending || ending.exitCode !== null || ending.pid === undefined) return
    const ended = new Promise((done) => ending.once('exit', done))
    const children = execFileSync('sh', ['-c', `pgrep -P ${ending.pid} || true`], { encoding: 'utf8' })
    for (const pid of [String(ending.pid), ...children.split('\n')].filter((it) => it !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        continue
      }
    }
    await ended
  }
  await start()
  return {
    address: `127.0.0.1:${port}`,
    username,
    privateKey,
    lockedPrivateKey,
    passphrase,
    strangeKey,
    hostPublicKey: publicKey('host'),
    hostEcdsaKey: publicKey('host-ecdsa'),
    folder,
    kill: end,
    start,
    async stop() {
      await end()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
