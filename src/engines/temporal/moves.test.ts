import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEmbeddedEngine } from '../embedded/index.ts'
import type { Database } from '../../database/index.ts'
import { testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { define } from '../testing/engine-suite.ts'
import type { Cluster } from './cluster.ts'
import { libraries } from './libraries.ts'
import { Moves } from './moves.ts'

const count = 120
let store: TestDatabase
let database: Database
let ids: string[]
/** Runs that wait, as workflows of a build that has gone. */
beforeEach(async () => {
  store = await testDatabase('SQLite')
  database = await store.open()
  const engine = await openEmbeddedEngine({ database, activities: async () => null })
  const definition = define('do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]')
  ids = await Promise.all(Array.from({ length: count }, async () => (await engine.start({ definition })).id))
  await engine.close(0)
  const taken = `INSERT INTO executions (run, epoch, batch, created_at) SELECT number, 1000000000, 0, 0 FROM runs`
  await database.commit([{ sql: taken }])
})
afterEach(() => store.remove())

async function cluster(begun: (number: number) => void) {
  const told: object[] = []
  const describe = async () => ({
    status: { name: 'RUNNING' },
    raw: {
      workflowExecutionInfo: { versioningInfo: { behavior: 1, deploymentVersion: { buildId: 'old' } } },
    },
  })
  async function* list() {
    yield* ids.map((workflowId) => ({ workflowId, runId: 'x', type: 'run' }))
  }
  const workflow = { count: async () => ({ count }), list, getHandle: () => ({ describe }) }
  const core = {
    ...{ database, taskQueue: 'sluse', client: { workflow }, libraries: await libraries() },
    runs: { begin: async ({ number }: { number: number }) => begun(number) },
    ask: <T>(call: () => Promise<T>) => call(),
    log: (_: string, message: string, data: object) => void told.push({ message, ...data }),
  } as unknown as Cluster
  return { core, told }
}

test('all are moved, as fast as workers take them up: never are many before what others have to do', async () => {
  const waiting = new Set<number>()
  let most = 0
  const { core, told } = await cluster((number) => {
    waiting.add(number)
    most = Math.max(most, waiting.size)
  })
  const takeUp = setInterval(() => {
    const some = [...waiting].slice(0, 20)
    for (const number of some) waiting.delete(number)
    const sql = `UPDATE executions SET epoch = epoch + 1000000000 WHERE run IN (${some.join(', ')})`
    if (some.length > 0) void database.commit([{ sql }])
  }, 5)
  try {
    const moves = new Moves(core, 'sluse')
    expect(await moves.look(['old'])).toBe(count)
    expect(moves.left).toBe(0)
  } finally {
    clearInterval(takeUp)
  }
  expect(most).toBeLessThan(80)
  expect(told[0]).toMatchObject({ runs: count, builds: 'old' })
  expect(told.at(-1)).toMatchObject({
    message: 'All runs whose workers had gone have been moved.',
    runs: count,
  })
})

test('where more builds have lost their workers, it ends, to begin again with the runs of those', async () => {
  const begun: number[] = []
  const { core } = await cluster((number) => {
    begun.push(number)
    moves.interrupt()
  })
  const moves = new Moves(core, 'sluse')
  expect(await moves.look(['old'])).toBe(20)
  expect(begun).toHaveLength(20)
})

test('while workers take none up no more are moved, and who stops to lead moves no more', async () => {
  const begun: number[] = []
  const { core } = await cluster((number) => void begun.push(number))
  const moves = new Moves(core, 'sluse')
  const looking = moves.look(['old'])
  await expect.poll(() => begun.length, { timeout: 20_000 }).toBe(60)
  expect(moves.left).toBeGreaterThan(0)
  moves.stop()
  expect(await looking).toBe(60)
  expect(begun).toHaveLength(60)
})
