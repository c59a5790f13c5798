import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { openTemporalEngine, type ActivityRunner, type TemporalEngine } from '../../src/engines/index.ts'
import { encodeRow, openHistory } from '../../src/history/index.ts'
import { testEvent } from '../../src/engines/testing/embedded-engine.ts'
import { define } from '../../src/engines/testing/engine-suite.ts'
import { workflowBundle } from '../../src/engines/testing/workflow-bundle.ts'
import { readScenarios } from '../conformance/ctk/scenario.ts'
import { playScenario } from '../conformance/ctk/steps.ts'
import { openEngineRunner } from '../conformance/engine-runner.ts'
import type { Runner } from '../conformance/runner.ts'
import { specification } from '../conformance/specification.ts'
import { openInternet, type Internet } from '../servers/internet/index.ts'
import { askTemporal, listWorkflows } from '../servers/temporal/ask.ts'
import { hasTemporal, startTemporal, type TemporalServer } from '../servers/temporal/index.ts'
import { httpbin } from '../servers/web/httpbin.ts'
import { petStore } from '../servers/web/pet-store.ts'
import { killedAheadSuite } from './ahead/killed.ts'
import { conformanceSuite } from './conformance.ts'
import { largePayloadsSuite } from './large-payloads.ts'
import { targetLimitsSuite } from './target-limits.ts'
import { transfersOnTemporal } from './transfers.ts'
import { upgradeSuite } from './upgrades.ts'

describe.skipIf(!hasTemporal())('an installation on Temporal and PostgreSQL', async () => {
  let temporal: TemporalServer
  let bundle: string
  beforeAll(async () => {
    bundle = workflowBundle()
    temporal = await startTemporal()
    await query('postgres', 'CREATE DATABASE sluse')
  })
  afterAll(() => temporal?.stop())

  const urlOf = (database: string) => {
    const { user, password, host, port } = temporal.postgres
    return `postgres://${user}:${password}@${host}:${port}/${database}?sslmode=disable`
  }
  async function query(database: string, sql: string): Promise<{ [column: string]: unknown }[]> {
    const client = new pg.Client({ connectionString: urlOf(database) })
    await client.connect()
    try {
      return (await client.query<{ [column: string]: unknown }>(sql)).rows
    } finally {
      await client.end()
    }
  }
  const serverOn = (taskQueue: string) => {
    const { address, namespace } = temporal
    return { address, namespace, taskQueue }
  }

  describe('one API server and two workers', () => {
    const key = randomBytes(32)
    const taskQueue = `test-${randomUUID()}`
    const opened: { engine: TemporalEngine; database: Database; folder: string; carriedOut: number }[] = []

    async function process(
      role: 'api' | 'worker' | 'all',
      activities: ActivityRunner,
      { queue, records } = { queue: taskQueue, records: 'sluse' },
    ) {
      const folder = mkdtempSync(join(tmpdir(), 'sluse-cluster-'))
      const database = await openDatabase({ folder, url: urlOf(records), exclusive: false })
      const one = { engine: undefined as unknown as TemporalEngine, database, folder, carriedOut: 0 }
      const counted: ActivityRunner = (request) => {
        one.carriedOut++
        return activities(request)
      }
      const server = serverOn(queue)
      one.engine = await openTemporalEngine({ database, activities: counted, server, key, role, bundle })
      opened.push(one)
      return one
    }
    afterAll(async () => {
      for (const { engine, database, folder } of opened) {
        await engine.close(0)
        await database.close()
        rmSync(folder, { recursive: true, force: true })
      }
    })

    test('carry out every run, each effect with one key, also when a worker leaves in the middle', async () => {
      const keys = new Set<string>()
      const slow: ActivityRunner = async ({ idempotencyKey, signal, input }) => {
        await new Promise((resolve, reject) => {
          const timer = setTimeout(resolve, 30)
          signal.addEventListener('abort', () => {
            clearTimeout(timer)
            reject(signal.reason as Error)
          })
        })
        keys.add(idempotencyKey)
        return (input as { body?: string }).body ?? null
      }
      const api = await process('api', slow)
      const first = await process('worker', slow)
      const second = await process('worker', slow)
      const call = (name: string) =>
        `{ ${name}: { call: http, with: { method: get, endpoint: http://effect/x, body: '\${ . }' } } }`
      const definition = define(`do: [ ${call('one')}, ${call('two')}, ${call('three')} ]`)
      const runs = Array.from({ length: 20 }, (_, at) =>
        api.engine.start({ definition, input: `CLEARTEXT-${at}`, idempotencyKey: `k${at}` }),
      )
      const ids = (await Promise.all(runs)).map(({ id }) => id)
      while (first.carriedOut < 3) await new Promise((resolve) => setTimeout(resolve, 20))
      await first.engine.close(0)
      const outcomes = await Promise.all(ids.map((id) => api.engine.outcome(id)))
      expect(outcomes).toEqual(ids.map((_, at) => ({ status: 'completed', output: `CLEARTEXT-${at}` })))
      expect(keys.size).toBe(60)
      expect([first, second].every(({ carriedOut }) => carriedOut > 0)).toBe(true)
      expect(api.carriedOut).toBe(0)
      const timeline = await openHistory(api.database).timeline(ids[0] as string)
      expect(timeline.tasks.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed'])
    })

    test('a run whose records were taken up by an attempt that came late begins anew, and ends as it must', async () => {
      const reached: { [input: string]: () => void } = {}
      const gate = new Promise<void>((resolve) => (reached.open = resolve))
      const begun = new Promise<void>((resolve) => (reached.begun = resolve))
      const held: ActivityRunner = async ({ input }) => {
        reached.begun?.()
        await gate
        return (input as { body?: string }).body ?? null
      }
      await query('postgres', 'CREATE DATABASE late')
      const { engine } = await process('all', held, { queue: `test-${randomUUID()}`, records: 'late' })
      const call = '{ call: http, with: { method: get, endpoint: http://effect/x, body: "${ . }" } }'
      const definition = define(`do: [ { one: ${call} }, { two: ${call} } ]`)
      const { id } = await engine.start({ definition, input: 'kept' })
      await begun
      await query(
        'late',
        `UPDATE executions SET epoch = (epoch / 1000000000 + 1) * 1000000000, batch = 0 WHERE run = (SELECT number FROM runs WHERE id = '${id}')`,
      )
      reached.open?.()
      expect(await engine.outcome(id)).toEqual({ status: 'completed', output: 'kept' })
    })

    test('a run that is cancelled before any worker has taken it up begins nothing', async () => {
      await query('postgres', 'CREATE DATABASE unbegun')
      const place = { queue: `test-${randomUUID()}`, records: 'unbegun' }
      const api = await process('api', async () => null, place)
      const call = '{ call: http, with: { method: get, endpoint: http://effect/x } }'
      const { id } = await api.engine.start({ definition: define(`do: [ { one: ${call} } ]`) })
      const cancelled = api.engine.cancel(id, 'anna')
      const worker = await process('worker', async () => null, place)
      await cancelled
      expect(await api.engine.outcome(id)).toEqual({ status: 'cancelled' })
      expect(worker.carriedOut).toBe(0)
    })

    test('a run that a task has ended which Temporal did not accept is over for its workflow, too', async () => {
      await query('postgres', 'CREATE DATABASE ended')
      const nothing: ActivityRunner = async () => null
      const { engine } = await process('all', nothing, { queue: `test-${randomUUID()}`, records: 'ended' })
      const hear = (name: string) => `{ ${name}: { listen: { to: { one: { with: { type: go } } } } } }`
      const { id } = await engine.start({ definition: define(`do: [ ${hear('one')}, ${hear('two')} ]`) })
      const outcome = engine.outcome(id)
      await vi.waitFor(
        async () =>
          expect(await query('ended', "SELECT 1 FROM runs WHERE status = 'waiting'")).toHaveLength(1),
        20_000,
      )
      // As it is left where the task had a command, and is done again without it; in one transaction, as there.
      const end = encodeRow([{ type: 'report', report: { kind: 'workflow.cancelled' }, at: Date.now() }])
      await query(
        'ended',
        `UPDATE runs SET status = 'cancelled', ended_at = started_at WHERE id = '${id}';
         INSERT INTO journal (run, data) SELECT number, '${end}' FROM runs;
         DELETE FROM executions`,
      )
      await engine.publish([testEvent('go', 1)])
      expect(await outcome).toEqual({ status: 'cancelled' })
    })

    test('what several processes deploy at once is deployed once', async () => {
      const api = () => process('api', async () => null)
      const apis = await Promise.all([api(), api(), api()])
      const scheduled = Array.from({ length: 5 }, (_, at) =>
        define(
          `schedule: { on: { one: { with: { type: at-once-${at} } } } }\ndo: [ { a: { set: { x: 1 } } } ]`,
          {
            name: `at-once-${at}`,
          },
        ),
      )
      await Promise.all(apis.map(({ engine }) => engine.deploy(scheduled)))
      const rows = await query(
        'sluse',
        "SELECT name FROM schedules WHERE name LIKE 'at-once-%' ORDER BY name",
      )
      expect(rows.map(({ name }) => name)).toEqual(scheduled.map(({ reference }) => reference.name))
    })

    test("nothing of a run's data is readable in Temporal's database", async () => {
      const found = (text: string) =>
        query(
          'temporal',
          `SELECT 1 FROM history_node WHERE position(convert_to('${text}', 'UTF8') in data) > 0`,
        )
      expect(await found('CLEARTEXT')).toEqual([])
      expect((await found('setOut')).length).toBeGreaterThan(0)
      const records = await query('sluse', "SELECT 1 FROM journal WHERE data LIKE '%CLEARTEXT%' LIMIT 1")
      expect(records).toHaveLength(1)
    })
  })

  test('runs are found in Temporal itself by pipeline, start and status, and by nothing that names a person', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluse-cluster-'))
    const database = await openDatabase({ folder })
    const taskQueue = `test-${randomUUID()}`
    const key = randomBytes(32)
    const activities: ActivityRunner = async () => null
    const engine = await openTemporalEngine({
      database,
      activities,
      server: serverOn(taskQueue),
      key,
      bundle,
    })
    const found = (query: string) => listWorkflows(temporal, `TaskQueue = '${taskQueue}' AND ${query}`)
    try {
      const waits = define('do: [ { go: { listen: { to: { one: { with: { type: go } } } } } } ]')
      const fails = define(
        'do: [ { no: { raise: { error: { type: https://example.com/x, status: 400 } } } } ]',
      )
      const start = async (definition: typeof waits) =>
        (await engine.start({ definition, by: 'Ellen Jensen', idempotencyKey: '010203-1234' })).id
      // The attributes may have been registered a moment ago only.
      await vi.waitFor(
        async () => {
          const { id } = await engine.start({ definition: fails })
          await engine.outcome(id)
          const failed = "SlusePipeline = 'main' AND SluseNamespace = 'test' AND SluseStatus = 'faulted'"
          expect(await found(`${failed} AND SluseStartedBy = 'request'`)).toContain(id)
        },
        { timeout: 30_000, interval: 500 },
      )
      const id = await start(waits)
      await vi.waitFor(
        async () => expect(await found("SluseStatus = 'waiting' AND SluseVersion = '1.0.0'")).toEqual([id]),
        { timeout: 30_000, interval: 200 },
      )
      const { raw } = await askTemporal(temporal, (client) => client.workflow.getHandle(id).describe())
      const shown = JSON.stringify(raw.workflowExecutionInfo?.searchAttributes, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
      )
      expect(shown).not.toMatch(/Ellen|010203/)
      await engine.publish([testEvent('go', 1)])
      await engine.outcome(id)
      await vi.waitFor(async () => expect(await found("SluseStatus = 'waiting'")).toEqual([]), 30_000)
    } finally {
      await engine.close(0)
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  const installation = () => ({
    server: { address: temporal.address, namespace: temporal.namespace },
    bundle,
    newDatabase: async () => {
      const name = `installation_${randomUUID().replaceAll('-', '')}`
      await query('postgres', `CREATE DATABASE ${name}`)
      return urlOf(name)
    },
  })
  killedAheadSuite(installation)
  largePayloadsSuite(installation)
  upgradeSuite(installation)
  targetLimitsSuite(installation)
  transfersOnTemporal(installation)
  await conformanceSuite(installation)

  const features = new URL('ctk/features/', specification)

  describe.skipIf(!existsSync(features)).each([
    { effects: 'one after the other', aheadMs: 2000 },
    { effects: 'each by itself', aheadMs: 0 },
  ])("the specification's conformance kit, effects $effects", ({ aheadMs }) => {
    let internet: Internet
    let runner: Runner
    beforeAll(async () => {
      internet = await openInternet({ 'petstore.swagger.io': petStore(), 'httpbin.org': httpbin() })
      const server = serverOn(`test-${randomUUID()}`)
      const settings = { earlyEvents: 0, aheadMs }
      const key = randomBytes(32)
      runner = await openEngineRunner(internet, {
        open: (parts) => openTemporalEngine({ ...parts, server, key, settings, bundle }),
      })
    })
    afterAll(async () => {
      await runner?.close()
      await internet?.close()
    })

    for (const scenario of existsSync(features) ? readScenarios(features) : []) {
      test(`${scenario.feature}: ${scenario.name}`, () => playScenario(scenario, runner))
    }
  })
})
