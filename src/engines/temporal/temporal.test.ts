import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasTemporal, startTemporal, type TemporalServer } from '../../../test/servers/temporal/index.ts'
import { askTemporal, listWorkflows } from '../../../test/servers/temporal/ask.ts'
import { registerNamespace } from '../../../test/servers/temporal/namespace.ts'
import { openDatabase } from '../../database/index.ts'
import type { Definition } from '../../workflow/definition/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { SluseError } from '../../errors.ts'
import type { ActivityRunner, Engine } from '../engine.ts'
import { define, engineSuite, type Open } from '../testing/engine-suite.ts'
import { workflowBundle } from '../testing/workflow-bundle.ts'
import { openTemporalEngine, type TemporalSettings } from './index.ts'

describe.skipIf(!hasTemporal())('on a real server', () => {
  let temporal: TemporalServer
  let bundle: string
  beforeAll(async () => {
    bundle = workflowBundle()
    temporal = await startTemporal()
  })
  afterAll(() => temporal?.stop())

  const open = async (
    { activities, secrets }: Parameters<Open>[0],
    settings: Partial<TemporalSettings> = {},
    /** Whether it accepts, starts and commands by itself, beside a worker that carries out. */
    apart = false,
  ) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluse-engine-'))
    const { address, namespace } = temporal
    let server = { address, namespace: namespace as string, taskQueue: `test-${randomUUID()}` }
    const key = randomBytes(32)
    let database = await openDatabase({ folder })
    const openEngine = (role: 'api' | 'worker' | 'all') =>
      openTemporalEngine({
        database,
        role,
        activities,
        secrets,
        server,
        key,
        bundle,
        settings,
        pins: false,
        log: logged,
      })
    const openWorker = () => (apart ? openEngine('worker') : undefined)
    const usual = apart ? 'api' : 'all'
    let worker = await openWorker()
    const opened = {
      engine: await openEngine(usual),
      restart: () => again(1000),
      crash: () => again(0),
      restartAs: (role: 'api' | 'all') => again(1000, role),
      restartIn: (other: string) => {
        server = { ...server, namespace: other }
        return again(1000)
      },
      close,
    }

    async function again(graceMs: number, role: 'api' | 'all' = usual): Promise<void> {
      await Promise.all([opened.engine.close(graceMs), worker?.close(graceMs)])
      await database.close()
      database = await openDatabase({ folder })
      worker = await openWorker()
      opened.engine = await openEngine(role)
    }

    async function close(): Promise<void> {
      await Promise.all([opened.engine.close(0), worker?.close(0)])
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    }

    return opened
  }

  describe('as every engine, its API server and its worker apart', () =>
    engineSuite('temporal', (given) => open(given, {}, true)))

  test('what came while a pipeline was disabled is taken, also where nobody led when it was enabled', async () => {
    const taken: Json[] = []
    const activities: ActivityRunner = async ({ input }) => {
      taken.push((input as { body: Json }).body)
      return null
    }
    const one = await open({ activities, secrets: async () => ({}) })
    try {
      const definition = define(`
schedule: { on: { one: { with: { type: order } } }, read: data }
do: [ { take: { call: http, with: { method: get, endpoint: http://effect/x, body: '\${ . }' } } } ]`)
      const { namespace, name } = definition.reference
      const order = (id: string) => ({
        specversion: '1.0' as const,
        id,
        source: '/test',
        type: 'order',
        data: id,
      })
      await one.engine.deploy([definition])
      await one.engine.publish([order('before')])
      await expect.poll(() => taken, { timeout: 20_000 }).toEqual([['before']])
      await one.engine.setEnabled({ namespace, name }, false)
      await one.engine.publish([order('meanwhile')])
      await one.restartAs('all')
      await expect.poll(() => one.engine.health().leads, { timeout: 20_000 }).toBe(true)
      await one.restartAs('api')
      await one.engine.setEnabled({ namespace, name }, true)
      await one.restartAs('all')
      await expect.poll(() => taken, { timeout: 20_000 }).toEqual([['before'], ['meanwhile']])
    } finally {
      await one.close()
    }
  })

  test('what is asked while Temporal is away is durable, also of who was opened then, and goes on when it comes', async () => {
    const one = await open({ activities: async () => 'done', secrets: async () => ({}) })
    let away = false
    try {
      await temporal.kill()
      away = true
      await one.restart()
      expect(one.engine.health()).toMatchObject({
        ...{ writable: true, missing: 'temporal', why: 'Nothing listens there.', worker: 'failed' },
      })
      const call = '{ call: http, with: { method: get, endpoint: http://effect/x } }'
      const definition = define(`do: [ { one: ${call} } ]`)
      const { id } = await one.engine.start({ definition })
      await expect(one.engine.cancel(id, 'anna')).rejects.toMatchObject({
        code: 'SLUSE-TEMPORAL-UNREACHABLE',
      })
      await expect.poll(() => one.engine.health().leads, { timeout: 20_000 }).toBe(true)
      await temporal.start()
      away = false
      expect(await one.engine.outcome(id)).toEqual({ status: 'completed', output: 'done' })
      expect(one.engine.health()).toMatchObject({ missing: undefined, worker: 'running' })
    } finally {
      if (away) await temporal.start()
      await one.close()
    }
  })

  test('where Temporal has lost its data, what was under way goes on in another namespace, each recorded effect once', async () => {
    const taken: string[] = []
    const activities: ActivityRunner = async ({ key }) => {
      taken.push(key)
      return null
    }
    const one = await open({ activities, secrets: async () => ({}) })
    try {
      const call = '{ call: http, with: { method: get, endpoint: http://effect/x } }'
      const hear = '{ listen: { to: { one: { with: { type: go } } } } }'
      const definition = define(`do: [ { one: ${call} }, { hear: ${hear} }, { two: ${call} } ]`)
      await expect.poll(() => one.engine.health().leads, { timeout: 20_000 }).toBe(true)
      const { id } = await one.engine.start({ definition })
      await expect.poll(() => taken, { timeout: 20_000 }).toEqual(['/do/0/one'])
      await registerNamespace(temporal.address, 'another')
      await one.restartIn('another')
      await one.engine.publish([{ specversion: '1.0', id: '1', source: '/test', type: 'go', data: null }])
      expect(await one.engine.outcome(id)).toMatchObject({ status: 'completed' })
      expect(taken).toEqual(['/do/0/one', '/do/2/two'])
    } finally {
      await one.close()
    }
  })

  test.each([
    { effects: 'one after the other', aheadMs: 2000, waitedFor: undefined },
    { effects: 'each by itself', aheadMs: 0, waitedFor: 'perform' },
    { effects: 'one that takes longer than a moment', aheadMs: 100, waitedFor: 'endUnfinished' },
  ])(
    'a worker that is closed lets its effect end, and begins no other ($effects)',
    async ({ aheadMs, waitedFor }) => {
      const begun: string[] = []
      const ended: string[] = []
      let arrived = () => {}
      let answer = () => {}
      const first = new Promise<void>((resolve) => (arrived = resolve))
      const answered = new Promise<void>((resolve) => (answer = resolve))
      const activities: ActivityRunner = async ({ key, signal }) => {
        begun.push(key)
        arrived()
        await answered
        signal.throwIfAborted()
        ended.push(key)
        return null
      }
      const one = await open({ activities, secrets: async () => ({}) }, { aheadMs })
      try {
        const call = '{ call: http, with: { method: get, endpoint: http://effect/x } }'
        const definition = define(`do: [ { one: ${call} }, { two: ${call} }, { three: ${call} } ]`)
        const { id } = await one.engine.start({ definition })
        await first
        if (waitedFor) await expect.poll(() => activitiesOf(id), { timeout: 20_000 }).toEqual([waitedFor])
        const closing = one.engine.close(60_000)
        answer()
        await closing
        expect([begun, ended]).toEqual([['/do/0/one'], ['/do/0/one']])
        await one.crash()
        expect(await one.engine.outcome(id)).toEqual({ status: 'completed', output: null })
        expect(begun).toEqual(['/do/0/one', '/do/1/two', '/do/2/three'])
      } finally {
        await one.close()
      }
    },
  )

  test.each(['cancel', 'resume'] as const)(
    'a run that ends by a %s ends in Temporal too, where that refuses what came of it for something else that has come',
    (command) =>
      withEngine(async (engine) => {
        // At several moments of its task of the workflow: in which of them it comes between is not to be seen from here.
        for (let moment = 0; moment < 50; moment += 5) {
          const { id, go } = await hearing(engine)
          await engine.suspend(id)
          await go()
          const obeyed = engine[command](id)
          await new Promise((resolve) => setTimeout(resolve, moment))
          await askTemporal(temporal, (client) => client.workflow.getHandle(id).signal('look')).catch(
            () => {},
          )
          await obeyed
          await expect.poll(() => statusOf(id), { timeout: 10_000 }).toBe('COMPLETED')
        }
      }),
  )

  test.each(['cancel', 'suspend'] as const)(
    'a %s that crosses the end of its run is refused, or has happened; the run ends in Temporal as well',
    (command) =>
      withEngine(async (engine) => {
        for (let moment = 0; moment < 60; moment += 4) {
          const { id, go } = await hearing(engine)
          await new Promise((resolve) => setTimeout(resolve, 100))
          const outcome = engine.outcome(id)
          await go()
          await new Promise((resolve) => setTimeout(resolve, moment))
          const code = await engine[command](id).catch((error: unknown) => (error as SluseError).code)
          if (code === undefined && command === 'suspend') await engine.resume(id)
          const cancelled = code === undefined && command === 'cancel'
          expect([undefined, 'SLUSE-RUN-ENDED']).toContain(code)
          expect(await outcome).toMatchObject({ status: cancelled ? 'cancelled' : 'completed' })
          await expect.poll(() => statusOf(id), { timeout: 10_000 }).toBe('COMPLETED')
        }
      }),
  )

  async function withEngine(work: (engine: Engine) => Promise<void>): Promise<void> {
    const one = await open({ activities: async () => null, secrets: async () => ({}) })
    try {
      await work(one.engine)
    } finally {
      await one.close()
    }
  }

  /** A run that waits for an event of its own, and what makes that come. */
  async function hearing(engine: Engine): Promise<{ id: string; go: () => Promise<unknown> }> {
    const type = randomUUID()
    const hear = `do: [ { hear: { listen: { to: { one: { with: { type: ${type} } } } } } } ]`
    const { id } = await engine.start({ definition: define(hear) })
    const event = { specversion: '1.0', id, source: '/test', type, data: null } as const
    return { id, go: () => engine.publish([event]) }
  }

  const statusOf = async (id: string) =>
    (await askTemporal(temporal, (client) => client.workflow.getHandle(id).describe())).status.name

  /** Types of the activities that its workflow waits for. */
  async function activitiesOf(id: string): Promise<(string | null | undefined)[]> {
    const { raw } = await askTemporal(temporal, (client) => client.workflow.getHandle(id).describe())
    return (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name)
  }

  describe('a run whose history grows long', () => {
    const opened: { close(): Promise<void> }[] = []
    afterAll(async () => {
      for (const one of opened) await one.close()
    })
    const call = `call: http, with: { method: get, endpoint: http://effect/x, body: '\${ $item }' }`

    async function run(activities: ActivityRunner, ...bodies: string[]) {
      const settings = { longHistory: 40, aheadMs: 0 }
      const one = await open({ activities, secrets: async () => ({}) }, settings)
      opened.push(one)
      const definitions = bodies.map((body) => define(body))
      await one.engine.deploy(definitions)
      const { id } = await one.engine.start({ definition: (definitions[0] as Definition).reference })
      return { ...one, id, outcome: one.engine.outcome(id) }
    }

    async function timesBegun(id: string): Promise<number> {
      return (await listWorkflows(temporal, `WorkflowId = '${id}'`)).length
    }

    test('begins anew in a loop and in effects at the same time, and carries each effect out once', async () => {
      const keys: string[] = []
      const echo: ActivityRunner = async ({ idempotencyKey, input }) => {
        keys.push(idempotencyKey)
        return (input as { body: Json }).body
      }
      const { id, outcome } = await run(
        echo,
        `
do:
  - loop: { for: { in: '\${ [range(20)] }', each: item }, do: [ { one: { ${call} } } ] }
  - wide: { for: { in: '\${ [range(20)] }', each: item }, metadata: { concurrency: 4 }, do: [ { one: { ${call} } } ] }
  - end: { set: { done: true } }`,
      )
      expect(await outcome).toEqual({ status: 'completed', output: { done: true } })
      expect([keys.length, new Set(keys).size]).toEqual([40, 40])
      await expect.poll(() => timesBegun(id), { timeout: 20_000 }).toBeGreaterThan(2)
    })

    test('hears every event of a long listen once, in order, and the end of its child', async () => {
      const child = 'name: child\ndo: [ { hear: { listen: { to: { one: { with: { type: end } } } } } } ]'
      const { id, outcome, engine } = await run(
        async () => null,
        `
do:
  - both:
      fork:
        branches:
          - below: { run: { workflow: { namespace: test, name: child, version: latest } } }
          - hear: { listen: { to: { any: [ { with: { type: go } } ], until: 'length == 30' } } }`,
        child,
      )
      const source = '/test'
      for (let n = 0; n < 30; n++) {
        await engine.publish([{ specversion: '1.0', id: `go-${n}`, source, type: 'go', data: n }])
        if (n % 6 === 5) await new Promise((resolve) => setTimeout(resolve, 300))
      }
      await engine.publish([{ specversion: '1.0', id: 'end', source, type: 'end', data: 'child' }])
      const numbers = Array.from({ length: 30 }, (_, n) => n)
      expect(await outcome).toEqual({ status: 'completed', output: [['child'], numbers] })
      await expect.poll(() => timesBegun(id), { timeout: 20_000 }).toBeGreaterThan(1)
    })
  })
})

function logged(level: string, message: string, data?: object): void {
  if (process.env.SLUSE_TEST_LOG) console.log(level, message, JSON.stringify(data))
}
