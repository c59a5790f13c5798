import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../database/index.ts'
import { testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import type { Cluster } from './cluster.ts'
import { carryOut } from './commands.ts'
import { libraries, type Libraries } from './libraries.ts'
import type { Command } from './protocol.ts'

let store: TestDatabase
let database: Database
let loaded: Libraries
beforeEach(async () => {
  store = await testDatabase('SQLite')
  database = await store.open()
  loaded = await libraries()
})
afterEach(() => store.remove())

/** A run whose workflow does with each command in turn what a test says. */
function cluster(...fates: ((command: Command) => Promise<unknown>)[]) {
  const run = { status: 'running' }
  const begun: unknown[] = []
  const told = new Map<string, Command>()
  const signal = async (_: string, command: Command) => {
    told.set(command.id, command)
    if (fates[0] === gone) await fates.shift()?.(command)
  }
  const executeUpdate = (_: string, { args: [id] }: { args: [string] }) =>
    fates.shift()?.(told.get(id) as Command)
  const core = {
    database,
    libraries: loaded,
    client: { workflow: { getHandle: () => ({ signal, executeUpdate }) } },
    records: { find: async () => run },
    runs: { begin: async (row: unknown) => void begun.push(row) },
    ask: <T>(call: () => Promise<T>) => call(),
    temporalIsThere: () => true,
  } as unknown as Cluster
  return { core, run, begun, fates }
}

/** As the client says it where there is no such workflow; also where that is told, and not only asked. */
const gone = () => Promise.reject(new loaded.client.WorkflowNotFoundError('none', 'id', undefined))
/** As the client says it where the server gave the workflow's task up with the update in it. */
const crossed = () => Object.assign(new Error('Workflow Update failed'), { cause: { code: 9 } })
const marks = () => database.query("SELECT name FROM marks WHERE name LIKE 'command %'")
const cancel = { kind: 'cancel', record: [] } as const

test('while Temporal is away it is refused at once; where it goes away meanwhile nobody says that it was not done', async () => {
  const unavailable = Object.assign(new Error('Workflow Update failed'), { cause: { code: 14 } })
  const { core, fates } = cluster(() => Promise.reject(unavailable))
  const code = 'SLUSE-TEMPORAL-UNREACHABLE'
  const refused = carryOut({ ...core, temporalIsThere: () => false }, 'id', cancel)
  await expect(refused).rejects.toMatchObject({ code, detail: 'Nothing was changed.' })
  expect(fates).toHaveLength(1)
  await expect(carryOut(core, 'id', cancel)).rejects.toMatchObject({
    code,
    detail: expect.stringMatching(/look at the run/) as string,
  })
})

test('a command that was carried out is done, although its answer was lost', async () => {
  const { core, run } = cluster(async ({ record }) => {
    await database.commit(record)
    run.status = 'cancelled'
    throw crossed()
  })
  await carryOut(core, 'id', cancel)
  expect(await marks(), 'which refuses what the run is told once more').toHaveLength(1)
})

test('one that was not is asked again, and refused where the run has ended by itself', async () => {
  const again = cluster(
    () => Promise.reject(crossed()),
    async () => ({ done: true }),
  )
  await carryOut(again.core, 'id', cancel)
  expect(again.fates).toEqual([])
  const { core, run } = cluster(async () => {
    run.status = 'completed'
    throw crossed()
  })
  await expect(carryOut(core, 'id', cancel)).rejects.toMatchObject({ code: 'SLUSE-RUN-ENDED' })
})

test('where there is no workflow, it is begun', async () => {
  const { core, begun } = cluster(gone, async () => ({ done: true }))
  await carryOut(core, 'id', cancel)
  expect(begun).toHaveLength(1)
})

test('what is refused, and what else goes wrong, is told at once', async () => {
  const refused = cluster(async () => ({ code: 'SLUSE-RUN-STATE', detail: 'It is already suspended.' }))
  const error = { code: 'SLUSE-RUN-STATE', detail: 'It is already suspended.' }
  await expect(carryOut(refused.core, 'id', cancel)).rejects.toMatchObject(error)
  const broken = cluster(() => Promise.reject(new Error('broken')))
  await expect(carryOut(broken.core, 'id', cancel)).rejects.toMatchObject({
    code: 'SLUSE-TEMPORAL-UNREACHABLE',
    detail: expect.stringMatching(/^\(broken\) What was asked may be carried out still/) as string,
  })
  expect(await marks()).toEqual([])
})
