import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMissing } from '../../src/database/testing/databases.ts'
import { openDatabase } from '../../src/database/index.ts'
import { startPostgres, type PostgresServer } from '../servers/postgres/index.ts'

const caller = fileURLToPath(new URL('caller.mjs', import.meta.url))
const limit = 4
const perSecond = 20

/** A target as it sees itself. */
class Seen {
  running = 0
  most = 0
  readonly begun: { at: number; from: string }[] = []
  from = (pid: number | undefined) => this.begun.filter(({ from }) => from === String(pid)).length
}

describe.skipIf(isMissing('PostgreSQL'))('three processes that call the same targets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-processes-'))
  let postgres: PostgresServer
  let url: string
  let server: Server
  let address: string
  let broken = true
  const seen = { limited: new Seen(), rated: new Seen(), fragile: new Seen() }
  const children = new Set<ChildProcess>()

  beforeAll(async () => {
    postgres = await startPostgres()
    const { user, password, host, port, database } = postgres
    url = `postgres://${user}:${password}@${host}:${port}/${database}`
    // So that they need not wait for one another to make the tables.
    await (await openDatabase({ folder, url, exclusive: false })).close()
    server = createServer((request, response) => {
      const name = (request.url ?? '').slice(1) as keyof typeof seen
      const target = seen[name]
      target.running += 1
      target.most = Math.max(target.most, target.running)
      target.begun.push({ at: performance.now(), from: String(request.headers.from) })
      setTimeout(() => {
        target.running -= 1
        response.writeHead(name === 'fragile' && broken ? 503 : 200).end()
      }, Math.random() * 30)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    server?.closeAllConnections()
    await new Promise((done) => server.close(done))
    await postgres?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(): Promise<ChildProcess> {
    const given = {
      presentMs: 3000,
      places: 5,
      targets: [
        { name: 'limited', limits: { concurrency: limit } },
        { name: 'rated', limits: { perSecond } },
        { name: 'fragile', limits: {} },
      ],
      spec: {
        policies: {
          circuitBreakers: { b: { trip: 'consecutiveFailures >= 5', timeout: '1s' } },
          retries: { r: { maxRetries: 0 } },
        },
        targets: { apps: { fragile: { circuitBreaker: 'b', retry: 'r' } } },
      },
    }
    const words = [caller, url, folder, address, JSON.stringify(given)]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.add(child)
    child.once('exit', () => children.delete(child))
    await new Promise((done) => child.stdout?.once('data', done))
    return child
  }
  /** Until the process has been let through so often from now on. */
  const calls = (child: ChildProcess, more: number, target = seen.limited) => {
    const before = target.from(child.pid)
    return expect
      .poll(() => target.from(child.pid) - before, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(more)
  }

  test('make no more calls at once than the limit, also when one is killed and one stands still', async () => {
    const [one, other, third] = (await Promise.all([start(), start(), start()])) as [
      ChildProcess,
      ChildProcess,
      ChildProcess,
    ]
    await Promise.all([one, other, third].map((child) => calls(child, 30)))
    one.kill('SIGKILL')
    const fourth = await start()
    await Promise.all([other, third, fourth].map((child) => calls(child, 30)))
    other.kill('SIGSTOP')
    // Longer than it is thought to be there: the others have all places then.
    await Promise.all([third, fourth].map((child) => calls(child, 60)))
    await expect.poll(() => seen.limited.running, { timeout: 20_000, interval: 1 }).toBe(limit)
    other.kill('SIGCONT')
    await Promise.all([other, third, fourth].map((child) => calls(child, 20)))
    expect(seen.limited.most).toBe(limit)
  })

  test('begin no more calls in any time than the rate, and no fewer than most of it', () => {
    const { begun } = seen.rated
    for (const [from, { at }] of begun.entries()) {
      for (const to of [from + 5, from + perSecond, from + 3 * perSecond, begun.length - 1]) {
        const last = begun[to]
        if (!last) continue
        // What the network holds up for a moment may come closer together.
        const seconds = (last.at - at) / 1000 + 0.25
        expect(to - from + 1).toBeLessThanOrEqual(perSecond + seconds * perSecond)
      }
    }
    const seconds = ((begun.at(-1)?.at ?? 0) - (begun[0]?.at ?? 0)) / 1000
    expect(begun.length).toBeGreaterThan(seconds * perSecond * 0.5)
  })

  test('leave a target alone together while its breaker is open, and come back together', async () => {
    const { begun } = seen.fragile
    const first = begun[0]?.at ?? 0
    // One call for all, each second; not one of each.
    const later = begun.filter(({ at }) => at > first + 2000)
    expect(later.length).toBeGreaterThan(0)
    expect(later.length).toBeLessThanOrEqual(((later.at(-1)?.at ?? 0) - first - 2000) / 1000 + 2)
    broken = false
    await Promise.all([...children].map((child) => calls(child, 5, seen.fragile)))
  })

  test('begin no call within a limit while the database is away, and go on when it is back', async () => {
    await postgres.kill()
    const last = () => seen.limited.begun.at(-1)?.at ?? 0
    await expect.poll(() => performance.now() - last(), { timeout: 20_000 }).toBeGreaterThan(1500)
    const [fragile, limited] = [seen.fragile.begun.length, seen.limited.begun.length]
    // What has no limit is called as before.
    await expect.poll(() => seen.fragile.begun.length).toBeGreaterThan(fragile + 20)
    expect(seen.limited.begun.length).toBe(limited)
    await postgres.start()
    await Promise.all([...children].map((child) => calls(child, 20)))
    expect(seen.limited.most).toBe(limit)
  })
})
