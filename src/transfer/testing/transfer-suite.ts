import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Json } from '../../workflow/index.ts'
import { down, MemorySystem } from './memory-connector.ts'
import type { TestTransfersOptions, TransfersUnderTest } from './open-test-transfers.ts'

/** What must hold of transfers, however many processes carry them out and whatever runs them. */
export function transferSuite(
  openWith: (options: TestTransfersOptions) => Promise<TransfersUnderTest>,
): void {
  let open: TransfersUnderTest | undefined
  afterEach(async () => {
    await open?.close()
    open = undefined
  })
  const start = async (options: TestTransfersOptions = {}) => (open = await openWith(options))
  const people = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: `Person ${id}` }))
  const problemOf = (promise: Promise<unknown>) =>
    promise.then(
      (value) => ({ unexpected: value }),
      (error: unknown) => (error as { problem: { [key: string]: unknown } }).problem ?? error,
    )

  describe('a transfer', () => {
    test('reads once, does its steps, and delivers to every target in order', async () => {
      const system = new MemorySystem()
      const { run, write, read } = await start({ connectors: [system.connector('test.system')] })
      write('in.ndjson', people(2500))
      const output = await run({
        from: { connection: 'files', path: 'in.ndjson' },
        through: [{ filter: '.id % 2 == 0' }, { map: '{ number: .id, name }' }],
        to: [
          { connection: 'files', path: 'out.ndjson' },
          { connection: 'system', mode: 'upsert', key: ['number'], table: 't' },
          { connection: 'files', name: 'copy', path: 'copy.ndjson', mode: 'replace' },
        ],
        batchSize: 100,
      })
      const expected = people(2500)
        .filter(({ id }) => id % 2 === 0)
        .map(({ id, name }) => ({ number: id, name }))
      expect(output).toMatchObject({
        read: 2500,
        records: 1250,
        bad: 0,
        deadLetters: 0,
        dataset: expect.stringMatching(/^sluse:dataset\/[0-9a-f]+$/) as string,
        targets: {
          files: { delivered: 1250, refused: 0 },
          system: { delivered: 1250 },
          copy: { delivered: 1250 },
        },
      })
      expect(read('out.ndjson')).toEqual(expected)
      expect(read('copy.ndjson')).toEqual(expected)
      expect([...system.byKey.values()]).toEqual(expected)
      expect(new Set(system.keys).size).toBe(1250)
    })

    test('carried out again is not done again', async () => {
      const { run, write, read } = await start()
      write('in.ndjson', people(3))
      const given = {
        from: { connection: 'files', path: 'in.ndjson' },
        to: [{ connection: 'files', path: 'out.ndjson' }],
      }
      const first = await run(given)
      write('in.ndjson', people(9))
      expect(await run(given)).toEqual(first)
      expect(read('out.ndjson')).toHaveLength(3)
      await run(given, { idempotencyKey: 'run2:/do/0/move' })
      expect(read('out.ndjson')).toHaveLength(12)
    })

    test('of which nothing is clear on disk but what a target wrote', async () => {
      const { run, write, folder } = await start()
      const numbers = people(500).map(({ id }) => ({ id, cpr: `010190${1000 + id}` }))
      write('in.ndjson', [...numbers, ...numbers])
      await run({
        from: { connection: 'files', path: 'in.ndjson' },
        through: [
          { deduplicate: '.cpr' },
          { filter: 'if .id == 77 then error("no \\(.cpr)") else true end' },
        ],
        to: [{ connection: 'files', path: 'out.ndjson' }],
        personalData: { encrypt: ['.cpr'] },
      })
      await open?.stop()
      const files = readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true }).filter(
        (each) => each.isFile(),
      )
      const holds = (...names: readonly RegExp[]) =>
        names.every((name) => files.some((each) => name.test(each.name)))
      // The dataset, its key, and what it has seen; or the records, where those lie elsewhere. SQLite may leave more.
      expect(holds(/\.seg$/, /\.key$/, /^seen-\d+\.db$/) || holds(/^sluse\.db$/, /-wal$/)).toBe(true)
      expect(files.length).toBeGreaterThanOrEqual(3)
      for (const { parentPath, name } of files) {
        expect(readFileSync(join(parentPath, name)).includes('010190'), join(parentPath, name)).toBe(false)
      }
    })
  })

  describe('bad records', () => {
    const content = '{"id":1}\n{"id":\n[]\n{"id":"two"}\n{"id":3}\n'
    const given = (more: object = {}) => ({
      from: { connection: 'files', path: 'in.ndjson' },
      through: [{ map: '{ id: (.id + 1) }' }],
      to: [{ connection: 'files', path: 'out.ndjson' }],
      ...more,
    })

    test('become dead letters, and the others are delivered', async () => {
      const { run, write, read, transfers } = await start()
      write('in.ndjson', content)
      expect(await run(given())).toMatchObject({ read: 5, records: 2, bad: 3, deadLetters: 3 })
      expect(read('out.ndjson')).toEqual([{ id: 2 }, { id: 4 }])
      const { letters } = await transfers.letters.list()
      expect(letters.map(({ origin, step }) => [origin, step])).toEqual([
        ['in.ndjson:4', 0],
        ['in.ndjson:3', 0],
        ['in.ndjson:2', undefined],
      ])
      expect(await transfers.letters.get(letters[0]?.number ?? 0)).toMatchObject({
        record: { id: 'two' },
        attempts: 1,
      })
      expect(await transfers.letters.get(letters[2]?.number ?? 0)).toMatchObject({ raw: '{"id":' })
    })

    test('are left out and counted with `skip`', async () => {
      const { run, write, read, transfers } = await start()
      write('in.ndjson', content)
      expect(await run(given({ onBadRecord: 'skip' }))).toMatchObject({ bad: 3, deadLetters: 0 })
      expect(read('out.ndjson')).toHaveLength(2)
      expect((await transfers.letters.list()).letters).toEqual([])
    })

    test('fail the transfer with `fail`, and nothing replaces anything', async () => {
      const { run, write, text } = await start()
      write('in.ndjson', content)
      write('out.ndjson', 'before\n')
      const to = [{ connection: 'files', path: 'out.ndjson', mode: 'replace' }]
      expect(await problemOf(run(given({ onBadRecord: 'fail', to })))).toMatchObject({
        status: 400,
        origin: 'in.ndjson:2',
      })
      expect(text('out.ndjson')).toBe('before\n')
    })

    test('beyond the bound fail the transfer', async () => {
      const { run, write } = await start()
      write('in.ndjson', content)
      expect(await problemOf(run(given({ mostBadRecords: 2 })))).toMatchObject({
        detail: expect.stringContaining('More than 2 records') as string,
      })
    })

    test('that are not UTF-8 are not passed on as something else', async () => {
      const { run, read } = await start()
      writeFileSync(
        join(open?.folder ?? '', 'files', 'in.ndjson'),
        Buffer.concat([Buffer.from('{"id":1}\n{"id":"'), Buffer.of(0xe6), Buffer.from('"}\n')]),
      )
      expect(await run(given({ through: [] }))).toMatchObject({ records: 1, bad: 1 })
      expect(read('out.ndjson')).toEqual([{ id: 1 }])
    })

    test('that a target refuses become its own dead letters; other targets have them', async () => {
      const system = new MemorySystem()
      system.refuses = (record) => ((record as { id: number }).id === 4 ? 'It may not be 4.' : undefined)
      const { run, write, read, transfers } = await start({ connectors: [system.connector('test.system')] })
      write('in.ndjson', people(6))
      const to = [{ connection: 'files', path: 'out.ndjson' }, { connection: 'system' }]
      expect(await run(given({ to, through: [] }))).toMatchObject({
        deadLetters: 1,
        targets: { files: { delivered: 6, refused: 0 }, system: { delivered: 5, refused: 1 } },
      })
      expect(read('out.ndjson')).toHaveLength(6)
      expect((await transfers.letters.list()).letters).toMatchObject([
        { target: 'system', origin: 'in.ndjson:5', problem: { detail: 'It may not be 4.' } },
      ])
    })
  })

  describe('a source', () => {
    test('that fails in the middle is gone on with from there, and never read again', async () => {
      const system = new MemorySystem()
      system.batches = [[1], [2], [3], [4]]
      let failures = 2
      system.before = (what, index) => {
        if (what === 'read' && index === 2 && failures-- > 0) throw down()
      }
      const { run, read } = await start({ connectors: [system.connector('test.system')] })
      const output = await run({
        from: { connection: 'system' },
        to: [{ connection: 'files', path: 'out.ndjson', mode: 'replace' }],
      })
      expect(output).toMatchObject({ read: 4 })
      expect(read('out.ndjson')).toEqual([1, 2, 3, 4])
      expect(system.positions).toEqual([null, 2, 2])
      expect(system.confirmed).toEqual([4])
    })

    test('that fails for good replaces nothing', async () => {
      const system = new MemorySystem()
      system.batches = [[1], [2]]
      system.before = (what, index) => {
        if (what === 'read' && index === 1) throw down('the register')
      }
      const { run, write, text } = await start({ connectors: [system.connector('test.system')] })
      write('out.ndjson', 'before\n')
      const to = [{ connection: 'files', path: 'out.ndjson', mode: 'replace' }]
      const fault = await problemOf(run({ from: { connection: 'system' }, to, giveUpAfter: 'PT0S' }))
      expect(fault).toMatchObject({ detail: 'the register cannot be reached.' })
      expect(text('out.ndjson')).toBe('before\n')
      expect(system.confirmed).toEqual([])
    })

    test.each([
      ['is empty', 0, {}, false],
      ['is empty, where that is expected', 0, { expect: { atLeast: 0 } }, true],
      ['has fewer than expected', 4, { expect: { atLeast: 5 } }, false],
      ['has enough', 5, { expect: { atLeast: 5 } }, true],
    ])('that %s', async (_what, count, more, delivered) => {
      const { run, write, text } = await start()
      write('in.ndjson', people(count))
      write('out.ndjson', 'before\n')
      const given = {
        from: { connection: 'files', path: 'in.ndjson' },
        to: [{ connection: 'files', path: 'out.ndjson', mode: 'replace' }],
        ...more,
      }
      if (delivered) await run(given)
      else {
        expect(await problemOf(run(given))).toMatchObject({
          type: 'https://sluse.dk/errors/unexpected-count',
          status: 422,
        })
      }
      expect(text('out.ndjson') === 'before\n').toBe(!delivered)
    })

    test('that has changed more than is expected delivers nothing, to no target', async () => {
      const { run, write, read } = await start()
      const given = {
        from: { connection: 'files', path: 'in.ndjson' },
        to: [{ connection: 'files', path: 'out.ndjson' }],
        expect: { changeAtMost: 20 },
      }
      write('in.ndjson', people(100))
      await run(given, { idempotencyKey: 'a' })
      write('in.ndjson', people(85))
      await run(given, { idempotencyKey: 'b' })
      write('in.ndjson', people(60))
      expect(await problemOf(run(given, { idempotencyKey: 'c' }))).toMatchObject({ status: 422 })
      expect(read('out.ndjson')).toHaveLength(185)
    })

    test('that is read incrementally is told where the last complete read ended', async () => {
      const system = new MemorySystem()
      const since: Json[] = []
      const connector = system.connector('test.system')
      const open = connector.open.bind(connector)
      connector.open = (...all) => {
        const connection = open(...all)
        const source = connection.source?.bind(connection)
        return {
          ...connection,
          source: (options) => {
            const made = source?.(options)
            if (!made) throw new Error('no source')
            return { ...made, read: (request) => (since.push(request.since), made.read(request)) }
          },
        }
      }
      system.batches = [[1], [2]]
      const { run } = await start({ connectors: [connector] })
      const given = { from: { connection: 'system' }, to: [{ connection: 'files', path: 'out.ndjson' }] }
      await run(given, { idempotencyKey: 'a' })
      await run(given, { idempotencyKey: 'b' })
      expect(since).toEqual([null, 2])
    })
  })

  describe('a target', () => {
    test('that is down holds up no other, is put off, and has everything when it is back', async () => {
      const system = new MemorySystem()
      let isDown = true
      system.before = (what) => {
        if (what === 'write' && isDown) throw down('finance')
      }
      // Longest pauses: the third attempt comes too late to be waited for.
      const { run, write, read, transfers } = await start({
        connectors: [system.connector('test.system')],
        random: () => 1,
      })
      write('in.ndjson', people(10))
      const done = run({
        from: { connection: 'files', path: 'in.ndjson' },
        to: [{ connection: 'system' }, { connection: 'files', path: 'out.ndjson' }],
      })
      const attempts = async () => {
        const [first] = (await transfers.overview.list()).transfers
        const [target] = first ? (await transfers.overview.transfer(first.id)).targets : []
        return target?.trouble?.attempt ?? 0
      }
      while ((await attempts()) < 2) await new Promise((resolve) => setTimeout(resolve, 20))
      expect(read('out.ndjson')).toHaveLength(10)
      rmSync(join(open?.folder ?? '', 'files', 'in.ndjson'))
      isDown = false
      expect(await done).toMatchObject({
        targets: { system: { delivered: 10 }, files: { delivered: 10 } },
      })
      expect(system.appended).toEqual(people(10))
    })

    test('that is down for too long fails the transfer, and the others have everything', async () => {
      const system = new MemorySystem()
      system.before = (what) => {
        if (what === 'begin') throw down('finance')
      }
      const { run, write, read, transfers } = await start({ connectors: [system.connector('test.system')] })
      write('in.ndjson', people(10))
      const fault = await problemOf(
        run({
          from: { connection: 'files', path: 'in.ndjson' },
          to: [{ connection: 'system' }, { connection: 'files', path: 'out.ndjson' }],
          giveUpAfter: 'PT0S',
        }),
      )
      expect(fault).toMatchObject({
        detail: 'Not everything was delivered to system: finance cannot be reached.',
        targets: { system: { delivered: 0 }, files: { delivered: 10 } },
      })
      expect(read('out.ndjson')).toHaveLength(10)
      system.before = () => {}
      const dataset = String((fault as { dataset: string }).dataset).replace('sluse:dataset/', '')
      const replay = await transfers.replays.dataset(dataset, 'system')
      await ended(transfers, replay)
      expect(system.appended).toEqual(people(10))
      expect(read('out.ndjson')).toHaveLength(10)
    })

    test('that refused records gets them, corrected, when they are replayed', async () => {
      const system = new MemorySystem()
      system.refuses = (record) => ((record as { id: number }).id < 0 ? 'It may not be negative.' : undefined)
      const { run, write, read, transfers } = await start({ connectors: [system.connector('test.system')] })
      write('in.ndjson', [{ id: 1 }, { id: -2 }, { id: 3 }])
      await run({
        from: { connection: 'files', path: 'in.ndjson' },
        to: [{ connection: 'system' }, { connection: 'files', path: 'out.ndjson' }],
      })
      const [letter] = (await transfers.letters.list()).letters
      const number = letter?.number ?? 0
      await transfers.letters.edit(number, { id: 2 })
      for (const replay of await transfers.letters.replay([number])) await ended(transfers, replay)
      expect(system.appended).toEqual([{ id: 1 }, { id: 3 }, { id: 2 }])
      expect(read('out.ndjson')).toHaveLength(3)
      expect(await transfers.letters.get(number)).toMatchObject({ status: 'replayed' })
    })

    test('may have steps of its own', async () => {
      const { run, write, read } = await start()
      write('in.ndjson', people(10))
      await run({
        from: { connection: 'files', path: 'in.ndjson' },
        to: [
          { connection: 'files', name: 'even', path: 'even.ndjson', through: [{ filter: '.id % 2 == 0' }] },
          {
            connection: 'files',
            name: 'odd',
            path: 'odd.ndjson',
            through: [{ filter: '.id % 2 == 1' }, { map: '.id' }],
          },
        ],
      })
      expect(read('even.ndjson')).toHaveLength(5)
      expect(read('odd.ndjson')).toEqual([1, 3, 5, 7, 9])
    })
  })

  async function ended(transfers: TransfersUnderTest['transfers'], id: string): Promise<void> {
    for (;;) {
      const { status } = await transfers.overview.transfer(id)
      if (status === 'completed' || status === 'failed') return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
