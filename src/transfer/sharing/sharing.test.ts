import { afterEach, describe, expect, test } from 'vitest'
import { isMissing, testDatabase } from '../../database/testing/databases.ts'
import type { Functions } from '../../functions/index.ts'
import type { Json } from '../../workflow/index.ts'
import { down, MemorySystem } from '../testing/memory-connector.ts'
import {
  openTestTransfers,
  type TestTransfers,
  type TestTransfersOptions,
} from '../testing/open-test-transfers.ts'
import { Holds } from './holds.ts'
import { openJob } from './job-rows.ts'

describe.skipIf(isMissing('PostgreSQL'))('several processes on one database', () => {
  let open: TestTransfers | undefined
  let letAllThrough = () => {}
  afterEach(async () => {
    letAllThrough()
    await open?.close()
    open = undefined
  })
  const start = async (options: TestTransfersOptions) =>
    (open = await openTestTransfers({ kind: 'PostgreSQL', processes: 3, ...options }))

  const records = 60
  /** A source, and a target that takes nothing before its gate is open. */
  function system() {
    const source = new MemorySystem()
    source.batches = Array.from({ length: records / 2 }, (_, at) => [{ id: 2 * at }, { id: 2 * at + 1 }])
    const target = new MemorySystem()
    let [letThrough, gate] = [() => {}, Promise.resolve()]
    const hold = () => void (gate = new Promise((resolve) => (letThrough = resolve)))
    hold()
    target.before = (what) => (what === 'write' ? gate : undefined)
    const connectors = [source.connector('test.source'), target.connector('test.target')]
    letAllThrough = () => letThrough()
    return { source, target, hold, letThrough: () => letThrough(), connectors }
  }
  const to = (count: number, mode = 'append') =>
    Array.from({ length: count }, (_, at) => ({
      connection: 'target',
      name: `target ${at}`,
      mode,
      ...(mode === 'upsert' && { key: ['id'] }),
    }))
  const all = Array.from({ length: records }, (_, id) => ({ id }))

  async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const found = await look()
      if (found !== undefined && found !== false) return found
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  /** Who has which job. */
  const holders = async (job: string) => {
    const sql =
      "SELECT process FROM transfer_jobs WHERE job LIKE ? AND job <> 'lead' AND until > ? ORDER BY job"
    const rows = await open?.database.query<{ process: string }>(sql, [job, Date.now()])
    return (rows ?? []).map(({ process }) => Number(process.replace('process ', '')))
  }

  test('share the jobs of one transfer, and each target has all records in order', async () => {
    const { connectors, target, letThrough } = system()
    // Long enough for the slowest machine: one who has a job leaves the next to those who have none.
    const { perform: run, database, transfers } = await start({ connectors, sharing: { courtesy: 10_000 } })
    const done = run({ from: { connection: 'source' }, to: to(2) })
    const two = await until(async () => {
      const found = await holders('deliver%')
      return found.length === 2 && found
    })
    expect(new Set(two).size).toBe(2)
    const [{ id = '' } = {}] = (await transfers.overview.list()).transfers
    const shown = (await transfers.overview.transfer(id)).targets
    expect(shown.map(({ worker }) => worker)).toEqual(two.map((process) => `process ${process}`))
    letThrough()
    expect(await done).toMatchObject({
      read: records,
      targets: { 'target 0': { delivered: records }, 'target 1': { delivered: records } },
    })
    // Each target has each record once: those that come first are in order, and so are the others.
    const ids = target.appended.map((each) => (each as { id: number }).id)
    for (const place of [ids.indexOf.bind(ids), ids.lastIndexOf.bind(ids)]) {
      expect(ids.filter((id, at) => place(id) === at)).toEqual(all.map(({ id }) => id))
    }
    expect(ids).toHaveLength(2 * records)
    expect(await database.query('SELECT * FROM transfer_jobs')).toEqual([])
  })

  test('have no more jobs each than they may, and all of them some', async () => {
    const { connectors, letThrough } = system()
    const { perform: run } = await start({ connectors, sharing: { jobs: 2 } })
    const done = ['a', 'b', 'c'].map((idempotencyKey) =>
      run({ from: { connection: 'source' }, to: to(3) }, { idempotencyKey }),
    )
    const busy = await until(async () => {
      const found = await holders('deliver%')
      return found.length === 6 && found
    })
    expect([0, 1, 2].map((process) => busy.filter((each) => each === process).length)).toEqual([2, 2, 2])
    letThrough()
    for (const outcome of await Promise.all(done)) expect(outcome).toMatchObject({ read: records })
  })

  test('go on at once with what one of them gives back when it stops', async () => {
    const { connectors, target, letThrough } = system()
    // Were it not given back, nobody had it before the test is over.
    const { perform: run, all: processes } = await start({
      connectors,
      takes: (process) => process > 0,
      sharing: { heldFor: 600_000 },
    })
    const done = run({ from: { connection: 'source' }, to: to(1, 'upsert') })
    const [holder = 0] = await until(async () => {
      const found = await holders('deliver%')
      return found.length === 1 && found
    })
    const stopping = processes[holder]?.close()
    letThrough()
    await stopping
    expect(await done).toMatchObject({ targets: { 'target 0': { delivered: records } } })
    expect([...target.byKey.values()]).toEqual(all)
  })

  test('go on with a transfer whose leader stops, and another leads it', async () => {
    const { connectors, target, letThrough } = system()
    const { perform: run, all: processes } = await start({
      connectors,
      takes: (process) => process > 0,
      sharing: { heldFor: 600_000 },
    })
    const given = { from: { connection: 'source' }, to: to(1, 'upsert') }
    const first = run(given).catch((error: unknown) => error as { code: string })
    await until(async () => (await holders('deliver%')).length === 1)
    await processes[0]?.close()
    expect(await first).toMatchObject({ code: 'SLUSE-POSTPONED' })
    expect(await holders('deliver%')).toHaveLength(1)
    const second = run(given, {}, 1)
    letThrough()
    expect(await second).toMatchObject({ targets: { 'target 0': { delivered: records } } })
    expect([...target.byKey.values()]).toEqual(all)
    expect(target.keys).toHaveLength(records)
  })

  test('stop what they do of a transfer that is cancelled', async () => {
    const { connectors, letThrough } = system()
    const {
      perform: run,
      database,
      all: processes,
    } = await start({ connectors, takes: (process) => process > 0 })
    const cancelling = new AbortController()
    const done = run({ from: { connection: 'source' }, to: to(2) }, { signal: cancelling.signal }).catch(
      (error: unknown) => error,
    )
    await until(async () => (await holders('deliver%')).length === 2)
    cancelling.abort(new Error('cancelled'))
    expect(await done).toMatchObject({ message: 'cancelled' })
    expect(await database.query('SELECT * FROM transfer_jobs')).toEqual([])
    letThrough()
    await Promise.all(processes.map((each) => each.close()))
    const sql = "SELECT delivered FROM transfer_targets WHERE status <> 'completed'"
    expect(await database.query(sql)).toEqual([{ delivered: 0 }, { delivered: 0 }])
  })

  test('put off what waits for a source that is down, and go on where it was', async () => {
    const { connectors, source, target, letThrough } = system()
    let isDown = true
    source.before = (_, index) => {
      if (isDown && index === 10) throw down('the register')
    }
    letThrough()
    // Longest pauses: the second attempt comes too late to be waited for.
    const { perform: run, database } = await start({ connectors, random: () => 1 })
    const given = { from: { connection: 'source' }, to: to(1) }
    const error = await run(given).catch((postponed: unknown) => postponed)
    expect(error).toMatchObject({ code: 'SLUSE-POSTPONED', reason: expect.stringContaining('the register') })
    expect(await database.query('SELECT * FROM transfer_jobs')).toEqual([])
    isDown = false
    expect(await run(given)).toMatchObject({ targets: { 'target 0': { delivered: records } } })
    expect(target.appended).toEqual(all)
  })

  test('give functions of steps what the run may see, whoever calls them', async () => {
    const { connectors, letThrough } = system()
    const told: Json[] = []
    const functions = {
      call: async (_, values, { runId, key, secrets }) => {
        told.push({ runId, key, secrets: { ...secrets } } as Json)
        return values.map((value) => ({ records: [value] }))
      },
    } as Pick<Functions, 'call'> as Functions
    const { perform: run, database } = await start({
      connectors,
      functions,
      takes: (process) => process > 0,
      sharing: { secrets: async (run) => ({ token: `secret of ${run}` }) },
    })
    letThrough()
    await run({ from: { connection: 'source' }, through: [{ call: 'enrich:1.0.0' }], to: to(1) })
    expect(told[0]).toEqual({
      runId: 'run1',
      key: '/do/0/move/step[0]',
      secrets: { token: 'secret of run1' },
    })
    expect(JSON.stringify(await database.query('SELECT * FROM transfers'))).not.toContain('secret of')
  })

  test('carry a replay out once, whoever asked for it, and another goes on where one stops', async () => {
    const { connectors, target, hold, letThrough } = system()
    const {
      perform: run,
      database,
      transfers,
      all: processes,
    } = await start({
      connectors,
      takes: (process) => process > 0,
      sharing: { heldFor: 600_000 },
    })
    letThrough()
    const { dataset } = await run({ from: { connection: 'source' }, to: to(1, 'upsert') })
    target.byKey.clear()
    hold()
    const replay = await transfers.replays.dataset(String(dataset).replace('sluse:dataset/', ''), 'target 0')
    await until(async () => (await holders('deliver%')).length === 1)
    const leaders = await database.query<{ process: string }>(
      "SELECT process FROM transfer_jobs WHERE transfer = ? AND job = 'lead'",
      [replay],
    )
    expect(leaders).toHaveLength(1)
    const stopping = processes[Number(leaders[0]?.process.replace('process ', ''))]?.close()
    letThrough()
    await stopping
    await until(async () => (await transfers.overview.transfer(replay)).status === 'completed')
    expect([...target.byKey.values()]).toEqual(all)
  })

  test('do not take a person out of a dataset that another delivers, nor remove what has had its time', async () => {
    const { connectors, letThrough } = system()
    const {
      perform: run,
      all: processes,
      join,
      transfers,
    } = await start({ connectors, takes: (process) => process === 0 })
    const done = run({ from: { connection: 'source' }, to: to(1), keep: 'PT0S' })
    await until(async () => (await holders('deliver%')).length === 1)
    // Once there is something of the person that is durable.
    await until(async () => (await transfers.overview.datasets()).datasets[0]?.complete)
    expect(await processes[2]?.overview.erasePerson('7')).toMatchObject({
      datasets: [],
      busy: [expect.any(String)],
    })
    // Whoever starts looks at once for what may go.
    await join()
    expect((await transfers.overview.datasets()).datasets).toHaveLength(1)
    letThrough()
    expect(await done).toMatchObject({ targets: { 'target 0': { delivered: records } } })
    expect(await processes[2]?.overview.erasePerson('7')).toMatchObject({ records: 1, busy: [] })
  })

  test('one that was frozen can write nothing after another has its job', async () => {
    // Where nobody looks for what is nobody's: there is no such transfer.
    const empty = await testDatabase('PostgreSQL')
    const database = await empty.open({ exclusive: false })
    const place = { transfer: 't', job: 'read' } as const
    const times = { one: Date.now(), other: Date.now() }
    const holdsOf = (process: 'one' | 'other') =>
      new Holds({ database, now: () => times[process], process, heldFor: 10_000 })
    const [one, other] = [holdsOf('one'), holdsOf('other')]
    expect(await one.take({ transfer: 't', job: 'lead' })).toBeDefined()
    await database.commit([openJob(place)])
    const first = await one.take(place)
    expect(await other.take(place)).toBeUndefined()
    times.other += 10_001
    const second = await other.take(place)
    expect(second).toBeDefined()
    const write = (name: string) => ({
      sql: 'INSERT INTO marks (name, value) VALUES (?, 1)',
      parameters: [name],
    })
    // Its own clock stood still: it takes the job for its own, and the database knows better.
    first?.check()
    await expect(first?.commit([write('frozen')])).rejects.toThrow()
    await second?.commit([write('awake')])
    expect(await database.query('SELECT name FROM marks WHERE value = 1')).toEqual([{ name: 'awake' }])
    times.other += 10_001
    expect(() => second?.check()).toThrow()
    for (const each of [one, other]) each.close()
    await empty.remove()
  })
})
