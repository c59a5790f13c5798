import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { isMissing } from '../../database/testing/databases.ts'
import type { FunctionContext, Functions, Outcome } from '../../functions/index.ts'
import { fault, isObject, problem, type Json } from '../../workflow/index.ts'
import { MemorySystem } from '../testing/memory-connector.ts'
import {
  openTestTransfers,
  type TestTransfers,
  type TestTransfersOptions,
} from '../testing/open-test-transfers.ts'

describe.skipIf(isMissing('PostgreSQL'))('functions of one transfer, called by several processes', () => {
  let open: TestTransfers | undefined
  const gates: (() => void)[] = []
  afterEach(async () => {
    for (const letGo of gates.splice(0)) letGo()
    await open?.close()
    open = undefined
  })

  /** What the function of a process does with a batch. */
  type Call = (process: number, values: readonly Json[], context: FunctionContext) => Promise<Outcome[]>
  const keep: Call = async (_, values) => values.map((value) => ({ records: [value] }))

  async function start(call: Call, options: TestTransfersOptions = {}) {
    const source = new MemorySystem()
    const target = new MemorySystem()
    const connectors = [source.connector('test.source'), target.connector('test.target')]
    const functions = (process: number) =>
      ({ call: (_, values, context) => call(process, values, context) }) as Pick<
        Functions,
        'call'
      > as Functions
    const opened = await openTestTransfers({
      ...{ kind: 'PostgreSQL', processes: 3, connectors, functions },
      ...options,
      // However quick they are.
      sharing: { worthMs: 0, ...options.sharing },
    })
    open = opened
    const taking = opened.all.filter((_, process) => options.takes?.(process) ?? true).length
    // All know of all, so that the shares are what they are to be.
    await until(async () => {
      const living = (await opened.member?.living()) ?? []
      return living.filter(({ abilities }) => abilities.takesTransfers).length === taking
    })
    return { ...opened, source, target }
  }
  const given = (more: object = {}) => ({
    from: { connection: 'source' },
    through: [{ call: 'work:1.0.0@default' }],
    to: [{ connection: 'target', mode: 'upsert', key: ['id'] }],
    concurrency: 6,
    ...more,
  })
  const batches = (count: number, size = 2) =>
    Array.from({ length: count }, (_, batch) =>
      Array.from({ length: size }, (_, at) => ({ id: batch * size + at })),
    )
  async function staged({ transfers }: TestTransfers): Promise<readonly Json[]> {
    const [{ id = '' } = {}] = (await transfers.overview.datasets()).datasets
    return (await transfers.overview.preview(id, 0, 10_000)).records.map(({ record }) => record)
  }
  async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const found = await look()
      if (found !== undefined && found !== false) return found
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const parts = (of: Pick<TestTransfers, 'database'>) => of.database.query('SELECT * FROM transfer_parts')
  /** Resolves once so many processes have come to it. */
  function meeting(count: number) {
    const here = new Set<number>()
    let begin = () => {}
    const met = new Promise<void>((resolve) => (begin = resolve))
    gates.push(begin)
    return async (process: number) => {
      if (here.add(process).size >= count) begin()
      await met
    }
  }

  test('give the dataset in the order of the source, and nothing is left of the parts', async () => {
    const all = meeting(3)
    const of = await start(async (process, values) => {
      await all(process)
      return values.map((value) => ({ records: [value, { ...(value as object), by: process }] }))
    })
    of.source.batches = batches(40)
    expect(await of.run(given({ to: [{ connection: 'target' }] }))).toMatchObject({ read: 80, records: 160 })
    const records = (await staged(of)) as { id: number; by?: number }[]
    expect(records.map(({ id }) => id)).toEqual(Array.from({ length: 160 }, (_, at) => Math.floor(at / 2)))
    expect(new Set(records.map(({ by }) => by))).toEqual(new Set([undefined, 0, 1, 2]))
    expect(of.target.appended).toEqual(records)
    expect(await parts(of)).toEqual([])
  })

  test('are no more at a time than the transfer may have, over all processes', async () => {
    const now = { under: 0, most: 0 }
    const three = meeting(3)
    const of = await start(async (process, values, context) => {
      now.most = Math.max(now.most, ++now.under)
      await three(now.under)
      await new Promise((resolve) => setTimeout(resolve, 5))
      now.under -= 1
      return keep(process, values, context)
    })
    of.source.batches = batches(60)
    await of.run(given({ concurrency: 3 }))
    expect(now.most).toBe(3)
  })

  test('are given the same key, secrets and run wherever they are called', async () => {
    const all = meeting(3)
    const told = new Map<number, object>()
    const of = await start(
      async (process, values, context) => {
        const { runId, key, secrets } = context
        told.set(process, { runId, key, secrets })
        await all(process)
        return keep(process, values, context)
      },
      { sharing: { secrets: async (run) => ({ token: `secret of ${run}` }) } },
    )
    of.source.batches = batches(12)
    await of.run(given({ through: [{ filter: 'true' }, { call: 'work:1.0.0@default' }] }))
    const same = { runId: 'run1', key: '/do/0/move/step[1]', secrets: { token: 'secret of run1' } }
    expect([...told.values()]).toEqual([same, same, same])
  })

  test('that come before a step that remembers leave it to who reads, in order', async () => {
    const all = meeting(3)
    const of = await start(async (process, values) => {
      await all(process)
      return values.map((value) => ({ records: [{ ...(value as object), by: process }] }))
    })
    of.source.batches = [...batches(20), ...batches(20)]
    const through = [{ call: 'work:1.0.0@default' }, { deduplicate: '.id' }, { map: '{ id }' }]
    expect(await of.run(given({ through }))).toMatchObject({ read: 80, records: 40 })
    expect(await staged(of)).toEqual(batches(20).flat())
  })

  test('make dead letters of what they refuse, with its origin, as one process by itself does', async () => {
    const refuse: Call = async (_, values) =>
      values.map((value) =>
        isObject(value) && Number(value.id) % 7 === 3
          ? { refused: problem('validation', `no ${String(value.id)}`) }
          : { records: [value] },
      )
    const lines = Array.from({ length: 60 }, (_, id) => (id % 11 === 5 ? 'no JSON' : JSON.stringify({ id })))
    const outcomes = []
    for (const processes of [1, 2]) {
      const all = meeting(processes)
      const of = await start(
        async (process, values, context) => {
          await all(process)
          return refuse(process, values, context)
        },
        { processes },
      )
      of.write('in.ndjson', `${lines.join('\n')}\n`)
      await of.run(given({ from: { connection: 'files', path: 'in.ndjson' }, batchSize: 4 }))
      const { letters } = await of.transfers.letters.list()
      const bodies = await Promise.all(letters.map(({ number }) => of.transfers.letters.get(number)))
      const seen = letters.map(({ origin, step, problem: { detail } }, at) => {
        const { record, raw } = bodies[at] as { record?: Json; raw?: string }
        return { origin, step, detail, record, raw }
      })
      outcomes.push({ letters: seen, staged: await staged(of) })
      expect(await parts(of)).toEqual([])
      open = undefined
      await of.close()
    }
    expect(outcomes[0]?.letters.length).toBeGreaterThan(10)
    expect(outcomes[0]?.letters).toContainEqual(
      expect.objectContaining({ origin: 'in.ndjson:4', step: 0, detail: 'no 3' }),
    )
    expect(outcomes[1]).toEqual(outcomes[0])
  })

  test.each([
    [{ onBadRecord: 'fail' }, 'batch 3, record 1'],
    [{ mostBadRecords: 2 }, 'More than 2 records are bad'],
  ])('fail the transfer with %j, and nothing is left of the parts', async (more, why) => {
    const of = await start(async (_, values) =>
      values.map((value) =>
        isObject(value) && Number(value.id) >= 7
          ? { refused: problem('validation', 'bad') }
          : { records: [value] },
      ),
    )
    of.source.batches = batches(40)
    await expect(of.run(given(more))).rejects.toMatchObject({
      problem: { detail: expect.stringContaining(why) },
    })
    expect(await parts(of)).toEqual([])
  })

  test('fail the transfer with their own fault where they can be called nowhere', async () => {
    const of = await start(async () => {
      throw fault('configuration', 'The function work:1.0.0 cannot be run.')
    })
    of.source.batches = batches(10)
    await expect(of.run(given())).rejects.toMatchObject({
      problem: { detail: 'The function work:1.0.0 cannot be run.' },
    })
    expect(await parts(of)).toEqual([])
  })

  test('may be missing in all processes but the one that reads', async () => {
    let reader: number | undefined
    const of = await start(async (process, values, context) => {
      const [job] = await of.database.query("SELECT process FROM transfer_jobs WHERE job = 'read'")
      reader ??= Number(String(job?.process).replace('process ', ''))
      if (process !== reader) throw new Error('It is not on this machine.')
      return keep(process, values, context)
    })
    of.source.batches = batches(20)
    expect(await of.run(given())).toMatchObject({ records: 40, deadLetters: 0 })
    expect(await staged(of)).toEqual(of.source.batches.flat())
  })

  test('leave nothing that can be read where others can see it', async () => {
    let letGo = () => {}
    const held = new Promise<void>((resolve) => (letGo = resolve))
    gates.push(letGo)
    const of = await start(async (process, values, context) => {
      await held
      return keep(process, values, context)
    })
    of.source.batches = batches(12).map((batch) =>
      batch.map((record) => ({ ...record, cpr: '010190-1234', name: 'Ida Møller' })),
    )
    const done = of.run(given({ personalData: { encrypt: ['.cpr'] } }))
    const rows = await until(async () => {
      const found = await parts(of)
      return found.length > 2 && found
    })
    const [{ id = '' } = {}] = (await of.transfers.overview.list()).transfers
    // Whoever operates it sees who helps.
    await until(async () => (await of.transfers.overview.transfer(id)).helpers?.length === 2)
    for (const { input, output } of rows) {
      const clear = `${String(input)} ${Buffer.from(String(input), 'base64').toString('latin1')} ${String(output)}`
      for (const word of ['010190-', 'Ida M', '"cpr"', '"id"']) expect(clear).not.toContain(word)
    }
    letGo()
    expect(await done).toMatchObject({ records: 24 })
  })

  test('that are cancelled end everywhere, and nothing is left of the parts', async () => {
    const ended = new Set<number>()
    const of = await start(async (process, _, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      ended.add(process)
      throw signal.reason as Error
    })
    of.source.batches = batches(12)
    const cancelling = new AbortController()
    const done = of.run(given(), { signal: cancelling.signal }).catch((error: unknown) => error)
    await until(async () => {
      const taken = await of.database.query('SELECT DISTINCT process FROM transfer_parts WHERE until > 0')
      return taken.length === 2
    })
    cancelling.abort(new Error('cancelled'))
    expect(await done).toMatchObject({ message: 'cancelled' })
    expect(await parts(of)).toEqual([])
    await until(async () => ended.size === 3)
  })

  test('are begun again where who reads dies, by another that reads on from the last checkpoint', async () => {
    const all = meeting(3)
    let reader: number | undefined
    const of = await start(
      async (process, values, context) => {
        const [job] = await of.database.query("SELECT process FROM transfer_jobs WHERE job = 'read'")
        await all(process)
        if (reader === undefined && values.some((value) => isObject(value) && value.id === 20)) {
          reader = Number(String(job?.process).replace('process ', ''))
          of.die(reader)
        }
        return keep(process, values, context)
      },
      { processes: 4, takes: (process) => process > 0, sharing: { heldFor: 1500 } },
    )
    of.source.batches = batches(30)
    expect(await of.run(given())).toMatchObject({ read: 60, records: 60, deadLetters: 0 })
    expect(reader).toBeDefined()
    expect(await staged(of)).toEqual(of.source.batches.flat())
    expect([...of.target.byKey.values()]).toEqual(of.source.batches.flat())
    expect(await parts(of)).toEqual([])
  })

  test('give what one process gives, whatever the sizes and the speeds, and whoever dies or stops', async () => {
    // Process 0 asks; who takes is 1 and more.
    let living = 0
    let slow: (id: number) => number = () => 0
    let hit: (process: number) => void = () => {}
    const of = await start(
      async (process, values) => {
        hit(process)
        const [first] = values
        await new Promise((resolve) => setTimeout(resolve, slow(Number(isObject(first) ? first.id : 0))))
        return values.map((value) =>
          isObject(value) ? { records: [value, { id: `${String(value.id)} again` }] } : { records: [] },
        )
      },
      { processes: 4, takes: (process) => process > 0, sharing: { heldFor: 1000 } },
    )
    living = 3
    let last = 3
    let runs = 0
    const one = fc.record({
      sizes: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 10, maxLength: 40 }),
      concurrency: fc.integer({ min: 1, max: 8 }),
      speeds: fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 5, maxLength: 5 }),
      faults: fc.array(fc.record({ after: fc.integer({ min: 1, max: 9 }), dies: fc.boolean() }), {
        maxLength: 2,
      }),
    })
    await fc.assert(
      fc.asyncProperty(one, async ({ sizes, concurrency, speeds, faults }) => {
        let id = 0
        of.source.batches = sizes.map((size) => Array.from({ length: size }, () => ({ id: id++ })))
        slow = (first) => speeds[first % speeds.length] ?? 0
        let calls = 0
        const due = [...faults]
        const joining: Promise<void>[] = []
        const gone = new Set<number>()
        hit = (process) => {
          calls += 1
          const [next] = due
          // Whoever calls just then goes, and another comes in its place.
          if (!next || calls < next.after || gone.has(process) || living < 2) return
          due.shift()
          gone.add(process)
          if (next.dies) of.die(process)
          else void of.all[process]?.close()
          living -= 1
          last += 1
          joining.push(of.join().then(() => void (living += 1)))
        }
        const run = `run${++runs}`
        const outcome = await of.run(given({ concurrency }), { idempotencyKey: run, runId: run })
        await Promise.all(joining)
        expect(outcome).toMatchObject({ read: id, records: 2 * id, deadLetters: 0 })
        const expected = of.source.batches
          .flat()
          .flatMap((value) => (isObject(value) ? [value, { id: `${String(value.id)} again` }] : []))
        expect(await staged(of)).toEqual(expected)
        expect(await parts(of)).toEqual([])
      }),
      { numRuns: 6, seed: Number(process.env.SLUSE_TEST_SEED ?? 20_261_126) },
    )
    expect(last).toBeGreaterThan(3)
  })
})
