import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../free-port.ts'

export interface S3Server {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string
  readonly bucket: string
  readonly accessKey: string
  readonly secretKey: string
  stop(): Promise<void>
}

/** Where VersityGW is: an S3 server over a folder, which starts in a moment. */
function program(): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    join(homedir(), 'go', 'bin'),
    '/usr/local/bin',
  ]
  return folders.map((folder) => join(folder, 'versitygw')).find((file) => existsSync(file))
}

export const hasS3Server = (): boolean => program() !== undefined

export async function startS3(): Promise<S3Server> {
  const found = program()
  if (found === undefined) throw new Error('VersityGW is not installed: scripts/install-test-servers.sh')
  const home = mkdtempSync(join(tmpdir(), 'sluse-s3-'))
  const bucket = 'andeby'
  mkdirSync(join(home, 'data', bucket), { recursive: true })
  mkdirSync(join(home, 'meta'))
  const port = await freePort()
  const [accessKey, secretKey] = ['andeby-noegle', 'meget-hemmelig-noegle']
  const server = spawn(
    found,
    ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', join(home, 'meta'), join(home, 'data')],
    { stdio: 'ignore', env: { ...process.env, ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey } },
  )
  const endpoint = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries += 1) {
    const up = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (up) break
    if (tries > 400 || server.exitCode !== null) throw new Error('VersityGW did not start')
    await new Promise((done) => setTimeout(done, 50))
  }
  return {
    endpoint,
    bucket,
    accessKey,
    secretKey,
    async stop() {
      const ended = new Promise((done) => server.once('exit', done))
      server.kill('SIGKILL')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}
