import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { offerParts, readParts } from './sharing/part-rows.ts'
import { openTestTransfers, type TestTransfers } from './testing/open-test-transfers.ts'

let open: TestTransfers | undefined
afterEach(async () => {
  vi.useRealTimers()
  await open?.close()
  open = undefined
})

const day = 86_400_000

/** Two transfers, each with a dead letter: one kept for a day, the other for two. */
async function twoTransfers() {
  const clock = { at: Date.now() }
  // Of the timers only the one that looks what is over.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  open = await openTestTransfers({ now: () => clock.at })
  open.write('in.ndjson', [{ id: 1 }, { id: 'two' }])
  const ids: string[] = []
  for (const days of [1, 2]) {
    const { transfer } = await open.run(
      {
        from: { connection: 'files', path: 'in.ndjson' },
        through: [{ map: '{ id: (.id + 1) }' }],
        to: [{ connection: 'files', path: 'out.ndjson' }],
        keep: { days },
      },
      { idempotencyKey: `run${days}:/do/0/move` },
    )
    ids.push(String(transfer))
  }
  await open.transfers.start()
  const there = () => ({
    keys: readdirSync(join(String(open?.folder), 'data', 'keys')).sort(),
    folders: readdirSync(join(String(open?.folder), 'data', 'datasets')).sort(),
  })
  const left = (...those: string[]) => ({
    keys: those.map((id) => `${id}.key`).sort(),
    folders: those.sort(),
  })
  return { ...open, clock, ids, there, left }
}

test('a dataset goes when its time is over, with its key, its transfer and its dead letters, and no sooner', async () => {
  const { transfers, clock, ids, there, left } = await twoTransfers()
  const [first = '', second = ''] = ids
  clock.at += day - 60_000
  vi.advanceTimersByTime(60_000)
  await expect.poll(there).toEqual(left(first, second))
  expect((await transfers.letters.list()).letters).toHaveLength(2)

  clock.at += 60_000
  vi.advanceTimersByTime(60_000)
  await expect.poll(there).toEqual(left(second))
  await expect
    .poll(async () => (await transfers.overview.list()).transfers.map(({ id }) => id))
    .toEqual([second])
  expect((await transfers.letters.list()).letters).toMatchObject([{ transfer: second }])
  expect((await transfers.overview.datasets()).datasets).toMatchObject([{ id: second }])

  clock.at += day
  vi.advanceTimersByTime(60_000)
  await expect.poll(there).toEqual(left())
})

test('one that a transfer needs stays until that has ended', async () => {
  const { database, clock, ids, there, left } = await twoTransfers()
  const [first = '', second = ''] = ids
  await database.commit([{ sql: 'UPDATE transfers SET ended_at = NULL WHERE id = ?', parameters: [first] }])
  clock.at += 3 * day
  vi.advanceTimersByTime(60_000)
  await expect.poll(there).toEqual(left(first))
  expect(second).not.toBe('')
  await database.commit([{ sql: 'UPDATE transfers SET ended_at = 1 WHERE id = ?', parameters: [first] }])
  vi.advanceTimersByTime(60_000)
  await expect.poll(there).toEqual(left())
})

test('batches that others were to work on stay while their transfer is under way, and go at once when it is not', async () => {
  const { database, ids } = await twoTransfers()
  const [ended = '', under = ''] = ids
  await database.commit([
    { sql: 'UPDATE transfers SET ended_at = NULL WHERE id = ?', parameters: [under] },
    ...[ended, under, 'gone'].flatMap((transfer) =>
      offerParts({ transfer, job: 'read' }, [{ number: 1, input: 'sealed' }]),
    ),
  ])
  vi.advanceTimersByTime(60_000)
  await expect.poll(async () => (await readParts(database)).map(({ transfer }) => transfer)).toEqual([under])
})
