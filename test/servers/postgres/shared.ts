import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from './index.ts'

/** Where the test files of one run find the servers that they share; set by `test/build-once.ts`. */
export const sharedFolder = 'SLUSE_TEST_SHARED_SERVERS'

interface Shared {
  /** `postgres://…` */
  readonly url: string
  readonly pid: number
  readonly folder: string
}

/** One server for all test files of a run: the first that asks starts it. It forgets what was written when it dies. */
export async function sharedPostgres(): Promise<string> {
  const folder = process.env[sharedFolder]
  if (folder === undefined) throw new Error('Shared servers are there only in a run of vitest.')
  const told = join(folder, 'postgres.json')
  try {
    mkdirSync(join(folder, 'postgres.lock'))
  } catch {
    while (!existsSync(told)) await new Promise((done) => setTimeout(done, 50))
    return (JSON.parse(readFileSync(told, 'utf8')) as Shared).url
  }
  const settings = { fsync: 'off', max_connections: 300 }
  const server = await startPostgres({ settings })
  const { host, port, database, user, password, pid } = server
  const url = `postgres://${user}:${password}@${host}:${port}/${database}`
  const shared: Shared = { url, pid, folder: server.folder }
  writeFileSync(`${told}.new`, JSON.stringify(shared))
  renameSync(`${told}.new`, told)
  return url
}

/** After the last test. */
export async function stopShared(folder: string): Promise<void> {
  const told = join(folder, 'postgres.json')
  if (existsSync(told)) {
    const { pid, folder: data } = JSON.parse(readFileSync(told, 'utf8')) as Shared
    await end(pid)
    rmSync(data, { recursive: true, force: true })
  }
  rmSync(folder, { recursive: true, force: true })
}

async function end(pid: number): Promise<void> {
  try {
    // Immediate: its data are not needed any more.
    process.kill(pid, 'SIGQUIT')
    for (;;) {
      process.kill(pid, 0)
      await new Promise((done) => setTimeout(done, 50))
    }
  } catch {
    // It is gone.
  }
}
