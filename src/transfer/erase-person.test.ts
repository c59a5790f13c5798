import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openTestTransfers, type TestTransfers } from './testing/open-test-transfers.ts'

let open: TestTransfers | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

/** Days in 2050 and 2051: nobody has such a CPR number. */
const one = '0101505006'
const other = '1402515003'
const records = [
  { id: 1, cpr: one, note: 'first' },
  { id: 2, cpr: other, note: 'second' },
  { id: 3, cpr: `${one.slice(0, 6)}-${one.slice(6)}`, note: 'third' },
  { id: 4, cpr: Number(one), note: 'fourth' },
  { id: 5, cpr: one, note: 'bad' },
  { id: 6, cpr: other, note: 'bad' },
]
const given = {
  from: { connection: 'files', path: 'in.ndjson' },
  through: [{ filter: 'if .note == "bad" then error("no \\(.cpr)") else true end' }],
  to: [{ connection: 'files', path: 'out.ndjson' }],
}

async function moved(more: object = {}) {
  open = await openTestTransfers()
  open.write('in.ndjson', records)
  const { dataset } = await open.run({ ...given, ...more })
  return { ...open, id: String(dataset).replace('sluse:dataset/', '') }
}

describe('a person who is erased', () => {
  test.each([
    ['is in no dataset and no dead letter any more', {}],
    ['is in none where it was encrypted either', { personalData: { encrypt: ['.cpr'] } }],
  ])('%s, and everybody else is', async (_name, more) => {
    const { transfers, id, database } = await moved(more)
    expect(await transfers.overview.erasePerson(one)).toEqual({
      datasets: [id],
      records: 3,
      deadLetters: 1,
      busy: [],
    })
    const { records: left } = await transfers.overview.preview(id, 0, 10)
    expect(left).toMatchObject([{ number: 0, origin: 'in.ndjson:2', record: { id: 2 } }])
    expect(await transfers.overview.dataset(id)).toMatchObject({ records: 1, complete: true })
    const { letters } = await transfers.letters.list()
    expect(letters.map(({ status }) => status)).toEqual(['open', 'discarded'])
    const [theirs, gone] = letters.map(({ number }) => number)
    expect((await transfers.letters.get(Number(theirs))).record).toMatchObject({ id: 6 })
    await expect(transfers.letters.get(Number(gone))).rejects.toMatchObject({ code: 'SLUSE-DATASET-ERASED' })
    expect(JSON.stringify(await database.query('SELECT * FROM dead_letters'))).not.toContain(one)
    expect(await transfers.overview.erasePerson(one)).toMatchObject({ datasets: [], records: 0 })
  })

  test('takes the key with them: what was written before can be read by nobody', async () => {
    const { transfers, id, folder } = await moved()
    await transfers.overview.erasePerson(one)
    expect(readdirSync(join(folder, 'data', 'keys'))).toEqual([`${id}.1.key`])
    expect(readdirSync(join(folder, 'data', 'datasets'))).toEqual([`${id}.1`])
    await transfers.overview.erasePerson(other)
    expect(readdirSync(join(folder, 'data', 'keys'))).toEqual([`${id}.2.key`])
  })

  test('is not in what is delivered again, and a corrected dead letter of another still is', async () => {
    const { transfers, id, read } = await moved({ personalData: { encrypt: ['.cpr'] } })
    await transfers.overview.erasePerson(one)
    await transfers.replays.dataset(id, 'files')
    await expect.poll(() => read('out.ndjson'), { timeout: 30_000 }).toHaveLength(5)
    expect(read('out.ndjson')[4]).toEqual({ id: 2, cpr: other, note: 'second' })
    const [letter] = (await transfers.letters.list({ status: 'open' })).letters
    await transfers.letters.edit(Number(letter?.number), { id: 6, cpr: '•••', note: 'good' })
    await transfers.letters.replay([Number(letter?.number)])
    await expect.poll(() => read('out.ndjson'), { timeout: 30_000 }).toHaveLength(6)
    expect(read('out.ndjson')[5]).toEqual({ id: 6, cpr: other, note: 'good' })
  })

  test('stays where a transfer is under way, which is told', async () => {
    const { transfers, id, database } = await moved()
    await database.commit([{ sql: 'UPDATE transfers SET ended_at = NULL' }])
    expect(await transfers.overview.erasePerson(one)).toEqual({
      datasets: [],
      records: 0,
      deadLetters: 0,
      busy: [id],
    })
    expect((await transfers.overview.preview(id, 0, 10)).records).toHaveLength(4)
  })
})
