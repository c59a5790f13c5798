import { afterEach, describe, expect, test } from 'vitest'
import { postgres } from '../../connectors/postgres/index.ts'
import type { Connector } from '../../connectors/index.ts'
import { isMissing, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { fault, isObject, type Json } from '../../workflow/index.ts'
import { down, MemorySystem } from '../testing/memory-connector.ts'
import {
  openTestTransfers,
  type TestTransfers,
  type TestTransfersOptions,
} from '../testing/open-test-transfers.ts'

describe.skipIf(isMissing('PostgreSQL'))('one target that several processes deliver to', () => {
  let open: TestTransfers | undefined
  let table: TestDatabase | undefined
  const letGo = new Set<() => void>()
  afterEach(async () => {
    for (const each of letGo) each()
    letGo.clear()
    await open?.close()
    await table?.remove()
    open = table = undefined
  })

  const records = 120
  const perBatch = 4
  const ids = Array.from({ length: records }, (_, id) => id)
  const idOf = (record: Json) => (isObject(record) ? Number(record.id) : NaN)
  const given = {
    from: { connection: 'source' },
    to: [{ connection: 'target', name: 'it', mode: 'upsert', key: ['id'] }],
    ...{ order: 'any', concurrency: 6, batchSize: perBatch },
  }

  /** Something that waits until it is opened, at the latest when the test is over. */
  function gate() {
    let open = () => {}
    const opened = new Promise<void>((resolve) => (open = resolve))
    letGo.add(open)
    return { opened, open }
  }

  /** A source, and a target by key that knows who gave it what. */
  function system() {
    const source = new MemorySystem()
    source.batches = ids
      .filter((id) => id % perBatch === 0)
      .map((first) => ids.slice(first, first + perBatch).map((id) => ({ id, name: `Person ${id}` })))
    const target = new MemorySystem()
    target.parallel = true
    const by = new Map<number, number>()
    /** Records that each process has under way, or has given. */
    const under = { now: 0, most: 0 }
    let before = async (_id: number, _by: number): Promise<void> => {}
    target.each = async (record, process) => {
      under.most = Math.max(under.most, ++under.now)
      await before(idOf(record), process)
      by.set(process, (by.get(process) ?? 0) + 1)
      under.now -= 1
    }
    const connectors = (process: number) => [
      source.connector('test.source', process),
      target.connector('test.target', process),
    ]
    const beforeEach = (does: typeof before) => (before = does)
    return { source, target, by, under, connectors, beforeEach }
  }

  /** The first process leads and takes nothing; the others deliver. Parts are small. */
  const start = async ({ sharing, ...options }: TestTransfersOptions) =>
    (open = await openTestTransfers({
      ...{ kind: 'PostgreSQL', processes: 4, takes: (process: number) => process > 0 },
      sharing: { partMs: 0, ...sharing },
      ...options,
    }))
  const holder = async ({ database }: TestTransfers): Promise<number> => {
    const sql = "SELECT process FROM transfer_jobs WHERE job = 'deliver:0' AND until > ?"
    const [row] = await database.query<{ process: string }>(sql, [Date.now()])
    return Number(row?.process.replace('process ', ''))
  }
  const held = ({ byKey }: MemorySystem) => [...byKey.values()].map(idOf).sort((one, other) => one - other)
  const keysOf = ({ keys }: MemorySystem) => new Set(keys).size

  test('has each record once, from all of them, and never more at a time than it may', async () => {
    const { target, by, under, connectors, beforeEach } = system()
    const [all, seen] = [gate(), gate()]
    beforeEach(async (id) => {
      if (under.now === given.concurrency) all.open()
      // The first batch is the one after which it is seen how much is left.
      if (id >= perBatch) await seen.opened
    })
    const { perform, database, transfers } = await start({ connectors })
    const done = perform(given)
    await all.opened
    const [{ id = '' } = {}] = (await transfers.overview.list()).transfers
    const [shown] = (await transfers.overview.transfer(id)).targets
    expect(shown?.helpers).not.toContain(shown?.worker)
    seen.open()
    expect(await done).toMatchObject({ read: records, targets: { it: { delivered: records } } })
    expect(held(target)).toEqual(ids)
    expect(target.keys).toHaveLength(records)
    expect(keysOf(target)).toBe(records)
    expect(by.size).toBeGreaterThan(1)
    expect(under.most).toBe(given.concurrency)
    expect(await database.query('SELECT * FROM transfer_parts')).toEqual([])
  })

  test('has each key once in a table, also of which there are several records, whoever inserted them', async () => {
    table = await testDatabase('PostgreSQL')
    const { source } = system()
    // Each key is in several batches, each time with others before and after it.
    const keys = 40
    const keyOf = (id: number) => (id * (1 + Math.floor(id / keys) * 6)) % keys
    source.batches = source.batches.map((batch) => batch.map((record) => ({ id: keyOf(idOf(record)) })))
    const { url = '' } = table.options
    const [, schema = ''] = /search_path=(\w+)/.exec(decodeURIComponent(url)) ?? []
    const inserted: Connector = {
      ...postgres,
      type: 'test.target',
      metadata: {},
      open: (settings, host) => postgres.open({ ...settings, metadata: { connectionString: url } }, host),
    }
    const tables = await table.open({ exclusive: false })
    await tables.commit([{ sql: 'CREATE TABLE people (id bigint primary key, name text)' }])
    const { perform, logged } = await start({ connectors: [source.connector('test.source'), inserted] })
    const to = [{ ...given.to[0], table: `${schema}.people` }]
    expect(await perform({ ...given, to })).toMatchObject({ targets: { it: { delivered: records } } })
    const rows = await tables.query<{ id: number }>('SELECT id FROM people ORDER BY id')
    expect(rows.map(({ id }) => Number(id))).toEqual(ids.slice(0, keys))
    expect(logged).toEqual([])
    await tables.close()
  })

  test.each([
    ['that does not say that it may be', {}, false],
    ['in order', { order: 'kept' }, true],
  ])('is none %s', async (_, plan, parallel) => {
    const { target, by, connectors } = system()
    target.parallel = parallel
    const { perform } = await start({ connectors })
    await perform({ ...given, ...plan })
    expect(held(target)).toEqual(ids)
    expect(by.size).toBe(1)
  })

  test('has each record once though one that helps dies, or stands still and wakes up', async () => {
    const { target, connectors, beforeEach } = system()
    let frozen: number | undefined
    let [isAwake, late] = [false, 0]
    target.before = (what, _, process) => {
      if (isAwake && what === 'write' && process === frozen) late += 1
    }
    const [stuck, awake] = [gate(), gate()]
    let goOn = () => {}
    beforeEach(async (id, process) => {
      if (id < perBatch) return
      const other = await holder(transfers)
      if (frozen === undefined && process !== other) {
        frozen = process
        goOn = transfers.freeze(process)
        stuck.open()
      }
      // Until there is one, the others are held up: else they may have done all.
      await stuck.opened
      if (process === frozen) await awake.opened
    })
    const transfers = await start({ connectors, sharing: { heldFor: 1000 } })
    const done = transfers.perform(given)
    await stuck.opened
    expect(await done).toMatchObject({ targets: { it: { delivered: records } } })
    expect(held(target)).toEqual(ids)
    isAwake = true
    goOn()
    awake.open()
    await transfers.stop()
    // What it had begun, and nothing after it.
    expect(late).toBe(0)
    expect(held(target)).toEqual(ids)
    expect(keysOf(target)).toBe(records)
  })

  test('has each record once though the one that has the job dies, and another goes on', async () => {
    const { target, by, connectors, beforeEach } = system()
    let dead: number | undefined
    const awake = gate()
    beforeEach(async (id, process) => {
      if (id >= records / 2 && dead === undefined) {
        dead = await holder(transfers)
        transfers.freeze(dead)
      }
      if (process === dead) await awake.opened
    })
    const transfers = await start({ connectors, sharing: { heldFor: 1000 } })
    expect(await transfers.perform(given)).toMatchObject({ targets: { it: { delivered: records } } })
    expect(held(target)).toEqual(ids)
    expect(keysOf(target)).toBe(records)
    expect(await transfers.database.query('SELECT * FROM transfer_parts')).toEqual([])
    expect(by.size).toBeGreaterThan(1)
  })

  test('that refuses records has one dead letter for each, and takes them when they are replayed', async () => {
    const { target, connectors } = system()
    target.refuses = (record) => (idOf(record) % 10 === 7 ? `no ${idOf(record)}` : undefined)
    const refused = ids.filter((id) => id % 10 === 7)
    const { perform, transfers } = await start({ connectors })
    expect(await perform(given)).toMatchObject({
      deadLetters: refused.length,
      targets: { it: { delivered: records - refused.length, refused: refused.length } },
    })
    const { letters } = await transfers.letters.list({ limit: 100 })
    expect(letters.map(({ origin }) => origin).sort()).toEqual(
      refused.map((id) => `batch ${Math.floor(id / perBatch)}, record ${id % perBatch}`).sort(),
    )
    target.refuses = () => undefined
    const [replay = ''] = await transfers.replays.letters(letters.map(({ number }) => number))
    while ((await transfers.overview.transfer(replay)).status !== 'completed') {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(held(target)).toEqual(ids)
  })

  test.each([
    ['down', down('the register')],
    ['not there', fault('configuration', 'There is no such table.')],
  ])('that is %s for one that helps is delivered to by the one that has the job', async (_, error) => {
    const { target, connectors, beforeEach } = system()
    const failed = gate()
    let failing: number | undefined
    beforeEach(async (id, process) => {
      if (id < perBatch) return
      const other = await holder(transfers)
      if (process !== other) failing ??= process
      if (process !== failing) return failed.opened
      failed.open()
      throw error
    })
    const transfers = await start({ connectors })
    expect(await transfers.perform(given)).toMatchObject({ targets: { it: { delivered: records } } })
    expect(held(target)).toEqual(ids)
    // It is said by whoever could not, and is no failure of the delivery.
    expect(transfers.logged.map(({ message }) => message)).toContain(
      'A part of a transfer cannot be done here; it is left to the process that has the job.',
    )
    expect(transfers.logged.map(({ message }) => message)).not.toContain(
      'Delivering to it failed; it is tried again.',
    )
  })
})
