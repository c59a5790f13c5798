import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../database/index.ts'
import type { Connections } from '../connectors/index.ts'
import type { CloudEvent, Json } from '../workflow/index.ts'
import { openTransfers } from './index.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluse-receive-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** One life of the server over the same folder, whose inbox may be out of order. */
async function life(publish: (event: CloudEvent) => Promise<void>) {
  const database = await openDatabase({ folder })
  const transfers = openTransfers({
    database,
    dataFolder: folder,
    connections: {} as Connections,
    publish,
    log: () => {},
  })
  return {
    transfers,
    receive: (key: string, records: readonly Json[]) =>
      transfers.receive({
        connection: 'forms',
        key,
        batches: [{ records, origin: (index) => `record ${index + 1}`, bad: [], position: null }],
      }),
    end: async () => {
      await transfers.close()
      await database.close()
    },
  }
}

const records = [{ id: 1 }, { id: 2 }]

test('what was received and not told before a crash is told at the next start, once', async () => {
  const before = await life(async () => {
    throw new Error('the process is gone')
  })
  await expect(before.receive('a', records)).rejects.toThrow('the process is gone')
  await before.end()

  const told: CloudEvent[] = []
  const after = await life(async (event) => void told.push(event))
  await after.transfers.start()
  expect(told).toMatchObject([{ source: '/in/forms', data: { connection: 'forms', records: 2 } }])
  const again = await after.receive('a', records)
  expect(again).toMatchObject({ records: 2, duplicate: true })
  expect(told).toMatchObject([{ data: { dataset: again.dataset } }])
  expect((await after.transfers.overview.datasets()).datasets).toHaveLength(1)
  await after.end()

  const last = await life(async (event) => void told.push(event))
  await last.transfers.start()
  expect(told).toHaveLength(1)
  await last.end()
})

test('a sender who asks again after such a crash is answered as the first time, and it is told then', async () => {
  const before = await life(async () => {
    throw new Error('the process is gone')
  })
  await before.receive('a', records).catch(() => {})
  await before.end()
  const told: CloudEvent[] = []
  const after = await life(async (event) => void told.push(event))
  expect(await after.receive('a', records)).toMatchObject({ records: 2, duplicate: true })
  expect(told).toHaveLength(1)
  await after.end()
})

test('what a crash left half written is not received, and comes whole when it is sent again', async () => {
  const told: CloudEvent[] = []
  const first = await life(async (event) => void told.push(event))
  const broken = first.transfers.receive({
    connection: 'forms',
    key: 'a',
    batches: (function* () {
      yield { records, origin: () => '', bad: [], position: null }
      throw new Error('the sender is gone')
    })(),
  })
  await expect(broken).rejects.toThrow('the sender is gone')
  expect(told).toEqual([])
  const { dataset, records: count, duplicate } = await first.receive('a', [{ id: 3 }])
  expect([count, duplicate, told.length]).toEqual([1, false, 1])
  const preview = await first.transfers.overview.preview(dataset.replace('sluse:dataset/', ''), 0, 9)
  expect(preview.records.map(({ record }) => record)).toEqual([{ id: 3 }])
  await first.end()
})
