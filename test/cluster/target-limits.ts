import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createActivityRunner } from '../../src/activities/index.ts'
import { openGuard, openSharing } from '../../src/app/open-guard.ts'
import { openTargets, type Targets } from '../../src/app/targets.ts'
import { databaseMembers, Member } from '../../src/members/index.ts'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { openTemporalEngine, type TemporalEngine } from '../../src/engines/index.ts'
import { define } from '../../src/engines/testing/engine-suite.ts'
import { decodeItems, openHistory } from '../../src/history/index.ts'
import type { Guard } from '../../src/resilience/index.ts'
import type { Json } from '../../src/workflow/index.ts'
import type { Installation } from './upgrades.ts'

const limit = 2

/** One target that is limited, called by the workers of one installation. */
export function targetLimitsSuite(installation: () => Installation): void {
  describe('a target with limits that several workers call', () => {
    const opened: Opened[] = []
    const folder = mkdtempSync(join(tmpdir(), 'sluse-limits-'))
    const key = randomBytes(32)
    const taskQueue = `test-${randomUUID()}`
    let ledger: Ledger
    let url: string
    let api: Opened
    let workers: Opened[]

    beforeAll(async () => {
      ledger = await Ledger.open()
      url = await installation().newDatabase()
      mkdirSync(join(folder, 'connections'))
      const connection = `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: ledger, annotations: { sluse/max-concurrent: '${limit}' } }
spec: { baseUrl: '${ledger.url}' }
`
      writeFileSync(join(folder, 'connections', 'ledger.yaml'), connection)
      api = await open('api')
      workers = [await open('worker'), await open('worker')]
    })
    afterAll(async () => {
      for (const each of opened) await each.close()
      await ledger?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    async function open(role: 'api' | 'worker'): Promise<Opened> {
      const { server, bundle } = installation()
      const database = await openDatabase({ folder, url, exclusive: false })
      const log = (level: string, message: string, data?: object) => {
        if (process.env.SLUSE_TEST_LOG) console.log(role, level, message, JSON.stringify(data))
      }
      const member = await Member.join({ store: databaseMembers(database), role, version: '1' })
      const sharing = await openSharing(database, member, log)
      const guard = await openGuard(folder, log, { sharing })
      const activities = createActivityRunner({ guard, projectFolder: folder, dataFolder: folder })
      const targets = await openTargets(database, guard, { log, now: Date.now })
      const engine = await openTemporalEngine({
        ...{ database, member, activities, key, role, bundle, log, gatekeeper: guard },
        server: { ...server, taskQueue },
        settings: { watchEvery: 300, stuckAfter: 500 },
      })
      const close = async () => {
        guard.stop()
        await engine.close(0)
        targets.close()
        await activities.close()
        sharing.close()
        await member.leave()
        await database.close()
      }
      const one = { engine, database, guard, targets, close }
      opened.push(one)
      return one
    }

    const definition = () =>
      define(`do: [ { book: { call: http, with: { method: post, endpoint: '${ledger.url}/book' } } } ]`)
    const start = (count: number) =>
      Promise.all(
        Array.from({ length: count }, async () => (await api.engine.start({ definition: definition() })).id),
      )
    const ends = (ids: readonly string[]) => Promise.all(ids.map((id) => api.engine.outcome(id)))
    const seen = () => api.targets.find('ledger')
    /** Until when effects of the runs were postponed, and when the runs ended. */
    async function postponed(ids: readonly string[]): Promise<{ until: number; ended: number }[]> {
      const rows = await api.database.query<{ data: string; ended: number }>(
        `SELECT data, ended_at AS ended FROM journal JOIN runs ON runs.number = journal.run
         WHERE runs.id IN (${ids.map(() => '?').join(', ')})`,
        ids,
      )
      const all = rows.flatMap(({ data, ended }) =>
        decodeItems(JSON.parse(data) as Json).flatMap((item) =>
          item.type === 'postponed' ? [{ until: item.until, ended }] : [],
        ),
      )
      expect(all.length).toBeGreaterThanOrEqual(ids.length)
      return all
    }

    test('is never called by more at once than its limit, and both workers call it', async () => {
      const ids = await start(40)
      expect((await ends(ids)).map(({ status }) => status)).toEqual(ids.map(() => 'completed'))
      expect(ledger.most).toBe(limit)
      expect(workers.map(({ guard }) => (guard.find('ledger')?.attempts ?? 0) > 0)).toEqual([true, true])
    })

    test('is seen as all workers together have it, from a server that calls nothing', async () => {
      await expect.poll(async () => (await seen()).attempts, { timeout: 20_000 }).toBe(40)
      expect(api.guard.find('ledger')?.attempts).toBe(0)
      expect(await seen()).toMatchObject({
        failures: 0,
        limits: { concurrency: limit, running: 0 },
        queued: 0,
      })
    })

    test('that an operator holds at one server is called by no worker, and by all when it is released', async () => {
      await api.targets.change('ledger', { kind: 'hold' }, { subject: 'operator' })
      const held = () => workers.every(({ guard }) => guard.find('ledger')?.breaker?.state === 'held')
      await expect.poll(held, { timeout: 20_000 }).toBe(true)
      const before = ledger.calls
      const ids = await start(12)
      await expect.poll(async () => (await seen()).waiting, { timeout: 30_000 }).toBe(12)
      expect(ledger.calls).toBe(before)
      await api.targets.change('ledger', { kind: 'release' }, { subject: 'operator' })
      expect((await ends(ids)).map(({ status }) => status)).toEqual(ids.map(() => 'completed'))
      // Told by whoever leads: the time after which they would have looked by themselves has not come.
      expect((await postponed(ids)).every(({ until, ended }) => until > ended)).toBe(true)
      expect(ledger.most).toBe(limit)
    })

    test('that is slow is told of by whoever leads, until it has answered', async () => {
      ledger.hangs = true
      const [id = ''] = await start(1)
      const leader = () => workers.find(({ engine }) => engine.health().leads)
      await expect.poll(() => leader()?.engine.health().stuckRuns, { timeout: 30_000 }).toBe(1)
      expect((await openHistory(api.database).run(id)).stuck).toMatchObject({ reason: 'activity' })
      ledger.answer()
      await api.engine.outcome(id)
      await expect.poll(() => leader()?.engine.health().stuckRuns, { timeout: 30_000 }).toBe(0)
    })
  })
}

interface Opened {
  readonly engine: TemporalEngine
  readonly database: Database
  readonly guard: Guard
  readonly targets: Targets
  close(): Promise<void>
}

/** The target, and what it sees of its callers. */
class Ledger {
  running = 0
  most = 0
  calls = 0
  hangs = false
  answer = () => {}
  readonly #server: Server

  static async open(): Promise<Ledger> {
    const ledger = new Ledger()
    await new Promise<void>((done) => ledger.#server.listen(0, '127.0.0.1', done))
    return ledger
  }

  constructor() {
    this.#server = createServer((_request, response) => {
      this.running += 1
      this.calls += 1
      this.most = Math.max(this.most, this.running)
      const answer = () => {
        this.running -= 1
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      }
      if (this.hangs) this.answer = answer
      else setTimeout(answer, 20)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }
}
