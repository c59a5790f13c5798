import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { testProject } from '../../functions/testing/project.ts'
import { openTestTransfers, type TestTransfers } from '../testing/open-test-transfers.ts'

const project = testProject()
afterAll(() => project.close())
let open: TestTransfers | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

const move = (more: object) => ({
  from: { connection: 'files', path: 'in.ndjson' },
  to: [{ connection: 'files', path: 'out.ndjson' }],
  ...more,
})

describe('a step that calls a function in Python', () => {
  project.addTemplate('python', 'greet')

  test.each([1, 4])(
    'gives each record anew, once, several times or not at all, in order, with %i batches at once',
    async (concurrency) => {
      open = await openTestTransfers({ functions: project.functions })
      const records = Array.from({ length: 40 }, (_, n) =>
        n % 4 === 0 ? { names: [`a${n}`, `b${n}`] } : n % 4 === 1 ? { names: [] } : { name: `c${n}` },
      )
      open.write('in.ndjson', records)
      const through = [{ filter: 'true' }, { call: 'greet:1.0.0@default' }, { map: '.message' }]
      expect(await open.run(move({ through, batchSize: 5, concurrency }))).toMatchObject({
        read: 40,
        records: 40,
        deadLetters: 0,
      })
      const names = records.flatMap(({ name, names: many = [] }) => (name === undefined ? many : [name]))
      expect(open.read('out.ndjson')).toEqual(names.map((name) => `Goddag, ${name}.`))
    },
  )

  test('makes a dead letter of what it refuses, which is corrected and goes on from there', async () => {
    open = await openTestTransfers({ functions: project.functions })
    const { transfers, read } = open
    open.write('in.ndjson', [{ name: 'Åse' }, { street: 'Storegade' }, { name: 'Bo' }])
    const through = [{ map: '. + { seen: true }' }, { call: 'greet:1.0.0@default' }]
    expect(await open.run(move({ through }))).toMatchObject({ records: 2, bad: 1, deadLetters: 1 })
    const [letter] = (await transfers.letters.list()).letters
    expect(letter).toMatchObject({ step: 1, origin: 'in.ndjson:2' })
    expect(letter?.problem.detail).toContain('The record has no name.')
    const number = letter?.number ?? 0
    expect((await transfers.letters.get(number)).record).toEqual({ street: 'Storegade', seen: true })
    await transfers.letters.edit(number, { name: 'Ida' })
    await transfers.letters.replay([number])
    await expect.poll(() => read('out.ndjson'), { timeout: 30_000 }).toHaveLength(3)
    expect(read('out.ndjson')[2]).toEqual({ name: 'Ida', message: 'Goddag, Ida.' })
  })

  test('fails the transfer where the function itself cannot be run, and says why', async () => {
    project.add('broken', {
      'function.yaml': 'run: { shell: { command: python3 main.py } }\nmetadata: { protocol: ndjson }\n',
      'main.py': 'raise SystemExit("no database")\n',
    })
    open = await openTestTransfers({ functions: project.functions })
    open.write('in.ndjson', [{ name: 'Åse' }])
    const through = [{ call: 'broken:1.0.0@default' }]
    const outcome = open.run(move({ through, giveUpAfter: { milliseconds: 1 } }))
    const told = await outcome.then(
      async () => JSON.stringify((await open?.transfers.letters.list())?.letters),
      (error: unknown) => JSON.stringify(error),
    )
    expect(told).toMatch(/broken/)
  })
})

describe('steps in threads of their own', () => {
  test('do the same as in one, in order, with the same dead letters', async () => {
    const records = Array.from({ length: 5000 }, (_, n) =>
      n % 1000 === 999 ? { n: 'no' } : { n, cpr: `${n}` },
    )
    const through = [{ map: '{ n: (.n + 1), cpr }' }, { filter: '.n % 2 == 0' }]
    const outcomes = []
    for (const concurrency of [1, 3]) {
      open = await openTestTransfers()
      open.write('in.ndjson', records)
      const {
        read,
        bad,
        records: kept,
      } = await open.run(move({ through, batchSize: 100, concurrency, personalData: { encrypt: ['.cpr'] } }))
      const { letters } = await open.transfers.letters.list()
      const origins = letters.map(({ origin, problem }) => [origin, problem.detail])
      outcomes.push({ read, bad, kept, origins, delivered: open.read('out.ndjson') })
      await open.close()
    }
    expect(outcomes[0]).toMatchObject({ read: 5000, bad: 5, kept: 2495 })
    expect(outcomes[1]).toEqual(outcomes[0])
  })
})
