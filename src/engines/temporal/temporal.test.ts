import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasTemporal, startTemporal, type TemporalServer } from '../../../test/servers/temporal/index.ts'
import { openDatabase } from '../../database/index.ts'
import type { Definition } from '../../workflow/definition/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { ActivityRunner } from '../engine.ts'
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
  ) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluse-engine-'))
    const { address, namespace } = temporal
    const server = { address, namespace, taskQueue: `test-${randomUUID()}` }
    const key = randomBytes(32)
    let database = await openDatabase({ folder })
    const openEngine = () =>
      openTemporalEngine({
        database,
        activities,
        secrets,
        server,
        key,
        bundle,
        settings,
        pins: false,
        log: logged,
      })
    const opened = { engine: await openEngine(), restart: () => again(1000), crash: () => again(0), close }

    async function again(graceMs: number): Promise<void> {
      await opened.engine.close(graceMs)
      await database.close()
      database = await openDatabase({ folder })
      opened.engine = await openEngine()
    }

    async function close(): Promise<void> {
      await opened.engine.close(0)
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    }

    return opened
  }

  describe('as every engine', () => engineSuite('temporal', open))

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
      const connection = await Connection.connect({ address: temporal.address })
      const client = new Client({ connection, namespace: temporal.namespace })
      let count = 0
      for await (const _ of client.workflow.list({ query: `WorkflowId = '${id}'` })) count++
      await connection.close()
      return count
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
