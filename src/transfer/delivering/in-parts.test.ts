import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Delivery, DeliveryRequest, RecordBatch, Target } from '../../connectors/index.ts'
import type { Statement } from '../../database/index.ts'
import { fault, isObject, problem, type Json } from '../../workflow/index.ts'
import { nothingYet, type Extent } from '../dataset/block.ts'
import { folderStorage } from '../dataset/folder-storage.ts'
import { Staged } from '../dataset/staged.ts'
import { DatasetWriter } from '../dataset/writer.ts'
import type { OpenParts, Part } from '../parts.ts'
import { openPlain, sealPlain } from '../steps/sealed.ts'
import type { NewLetter } from '../store/store.ts'
import { deliverAll } from './deliver-all.ts'
import { divide } from './in-parts.ts'
import { deliverPart, type Range } from './part.ts'
import type { Consignment } from './consignment.ts'
import type { DeliveryState } from './tally.ts'

const records = 60
const perBlock = 3
const isRefused = (id: number) => id % 10 === 7

describe('a delivery in parts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-parts-'))
  const storage = folderStorage(folder)
  const key = new Uint8Array(32).fill(7)
  let extent: Extent = nothingYet
  beforeAll(async () => {
    const writer = await DatasetWriter.open({ storage, name: 'd', key, extent, mostBytes: 500 })
    for (let first = 0; first < records; first += perBlock) {
      const lines = Array.from({ length: perBlock }, (_, at) => `{"id":${first + at}}\n`).join('')
      const origins = { prefix: 'people.csv:', from: first + 1 }
      await writer.append({ count: perBlock, lines: Buffer.from(lines), origins })
    }
    extent = writer.extent
    await writer.sync()
    await writer.close()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const staged = () => new Staged(storage, 'd', key, extent, true)
  const consignment = (plan: Partial<Consignment['plan']> = {}): Consignment => ({
    ...{ transfer: 't', dataset: 'd', index: 0, personal: undefined, staged: staged(), now: () => 0 },
    planned: { name: 'x', connection: 'x', mode: 'upsert', key: ['id'], options: {}, steps: [] },
    plan: { onBadRecord: 'deadLetter', mostBadRecords: 100, concurrency: 6, order: 'any', ...plan },
  })

  /** What a target holds by key, and by which idempotency keys it was given that. */
  class Keyed {
    readonly held = new Map<number, Set<string>>()
    readonly asked: DeliveryRequest[] = []
    /** Before each record. */
    before: (id: number, request: DeliveryRequest) => void | Promise<void> = () => {}
    readonly is: Partial<Delivery> = { parallel: true }

    target(): Target {
      return {
        begin: async (request) => {
          this.asked.push(request)
          return {
            ...{ resumable: true, finish: async () => {}, abort: async () => {}, ...this.is },
            write: (batch) => this.#write(batch, request),
          }
        },
      }
    }

    async #write(batch: RecordBatch, request: DeliveryRequest) {
      const refused = []
      for (const [index, record] of batch.values().entries()) {
        const id = isObject(record) ? Number(record.id) : NaN
        await this.before(id, request)
        if (isRefused(id)) refused.push({ index, problem: problem('validation', `not ${id}`) })
        else this.held.set(id, (this.held.get(id) ?? new Set()).add(batch.idempotencyKey(index)))
      }
      return { refused, state: null as Json }
    }
  }

  const start = (): DeliveryState => ({
    ...{ at: { segment: 0, offset: 0 }, records: 0, delivered: 0, refused: 0, skipped: 0, state: null },
  })

  /** What is durable, however often the process that delivers dies. */
  class Installation {
    readonly state = start()
    readonly letters: (number | undefined)[] = []
    commits = 0
    opened = 0

    async deliver(
      target: Target,
      open: OpenParts,
      { dies, plan }: { dies?: () => boolean; plan?: Partial<Consignment['plan']> } = {},
    ): Promise<void> {
      const of = consignment(plan)
      const letter = ({ record }: NewLetter): Statement => ({ sql: 'letter', parameters: [record ?? null] })
      await deliverAll({
        ...{ ...of, target, follower: of.staged.follow(this.state.at), state: this.state },
        commit: async (statements) => {
          if (dies?.()) throw new Error('The process was killed.')
          this.commits += 1
          const letters = statements.filter(({ sql }) => sql === 'letter')
          this.letters.push(...letters.map(({ parameters: [record] = [] }) => Number(record)))
        },
        check: () => {},
        signal: new AbortController().signal,
        refused: (letters) => letters.map(letter),
        sharing: {
          open: (most) => {
            this.opened += 1
            return open(most)
          },
          others: () => 2,
          partMs: 0,
          worthMs: 0,
        },
      })
    }
  }

  /** Others do all parts that they may, each as `how` says it. */
  const elsewhere =
    (how: (range: Range) => Promise<string>): OpenParts =>
    () => ({
      do: async <T>({ here, input, from }: Part<T>): Promise<T> =>
        input ? from(await how(openPlain(await input(), key) as Range)) : here(),
      settled: () => [],
      close: () => {},
    })
  const other = async (target: Target, range: Range) => {
    const given = { target, check: () => {}, signal: new AbortController().signal }
    return sealPlain(await deliverPart(consignment(), range, given), key)
  }

  const taken = Array.from({ length: records }, (_, id) => id).filter((id) => !isRefused(id))
  const refused = Array.from({ length: records }, (_, id) => id).filter(isRefused)
  const ended = { delivered: taken.length, refused: refused.length, records, skipped: 0 }

  test('has each record once, with the key that it would have had from one process', async () => {
    const [alone, shared] = [new Keyed(), new Keyed()]
    const one = new Installation()
    Object.assign(alone.is, { parallel: false })
    await one.deliver(
      alone.target(),
      elsewhere(async () => ''),
    )
    expect(one.opened).toBe(0)
    const many = new Installation()
    await many.deliver(
      shared.target(),
      elsewhere((range) => other(shared.target(), range)),
    )
    expect(many.opened).toBe(1)
    expect([...shared.held].sort(([a], [b]) => a - b)).toEqual([...alone.held])
    expect(many.state).toEqual(one.state)
    expect(many.state).toMatchObject(ended)
    expect(many.letters).toEqual(refused)
    expect(new Set(shared.asked.map(({ deliveryId }) => deliveryId))).toEqual(new Set(['t:0']))
  })

  test.each([
    ['that is told to keep the order', { order: 'kept' as const }, {}],
    ['one record at a time', { concurrency: 1 }, {}],
    ['to a target that does not say that it may be', {}, { parallel: false }],
    ['to a target that begins anew', {}, { parallel: true, resumable: false }],
    ['to a target that stands somewhere', {}, { parallel: true, state: 'there' }],
  ])('is none %s', async (_, plan, is) => {
    const target = new Keyed()
    Object.assign(target.is, is)
    const installation = new Installation()
    await installation.deliver(
      target.target(),
      elsewhere(async () => ''),
      { plan },
    )
    expect(installation.opened).toBe(0)
    expect([...target.held.keys()]).toEqual(taken)
  })

  const failsAt = (target: Keyed, at: number, error: () => Error) => {
    target.before = (id) => {
      if (id === at) throw error()
    }
    return target
  }
  const postponed = () =>
    Object.assign(new Error('out'), { code: 'SLUSE-POSTPONED', until: 5000, reason: 'out' })

  test('has the records before a failure, none after it, and ends with what failed', async () => {
    const installation = new Installation()
    const failing = failsAt(new Keyed(), 31, postponed)
    const done = installation.deliver(
      failing.target(),
      elsewhere((range) => other(failing.target(), range)),
    )
    await expect(done).rejects.toMatchObject({ code: 'SLUSE-POSTPONED', until: 5000, reason: 'out' })
    // The block of 30, 31 and 32 comes again.
    expect(installation.state).toMatchObject({ records: 30, delivered: 27, refused: 3 })
    expect(installation.letters).toEqual([7, 17, 27])
    const target = new Keyed()
    await installation.deliver(
      target.target(),
      elsewhere((range) => other(target.target(), range)),
    )
    expect(installation.state).toMatchObject(ended)
    expect(installation.letters).toEqual(refused)
  })

  test.each([
    ['is out for another process alone', 31, postponed],
    ['another process has no right to', 31, () => fault('configuration', 'There is no such table.')],
    ['another process cannot begin with', 0, () => new Error('no route')],
  ])('to a target that %s goes on here, and has each record once', async (_, at, error) => {
    const target = new Keyed()
    const failing = new Keyed()
    failing.before = (id) => {
      if (id >= at) throw error()
      // What it delivered before is there.
      if (!isRefused(id)) target.held.set(id, new Set([`t:0:${id}`]))
    }
    const installation = new Installation()
    await installation.deliver(
      target.target(),
      elsewhere((range) => other(failing.target(), range)),
    )
    expect([...target.held.keys()].sort((a, b) => a - b)).toEqual(taken)
    expect(installation.state).toMatchObject(ended)
    expect(installation.letters).toEqual(refused)
  })

  test('says nothing of a record, nor of why it was refused, to who has no key', async () => {
    const texts: string[] = []
    const target = new Keyed()
    const installation = new Installation()
    await installation.deliver(target.target(), () => ({
      do: async <T>({ input, from }: Part<T>): Promise<T> => {
        const given = (await input?.()) ?? ''
        const output = await other(target.target(), openPlain(given, key) as Range)
        texts.push(given, output)
        return from(output)
      },
      settled: () => [],
      close: () => {},
    }))
    expect(installation.letters).toEqual(refused)
    expect(texts.length).toBeGreaterThan(0)
    for (const text of texts) expect(text).not.toMatch(/not \d+|people\.csv|segment|[{}"]/)
  })

  test('that fails for so many bad records keeps a dead letter of each that it counts', async () => {
    const plan = { mostBadRecords: 3 }
    const target = new Keyed()
    const many = new Installation()
    const shared = elsewhere((range) => other(target.target(), range))
    await expect(many.deliver(target.target(), shared, { plan })).rejects.toThrow(
      'More than 3 records are bad',
    )
    expect(many.letters).toEqual([7, 17, 27, 37])
    expect(many.state).toMatchObject({ refused: 4 })
    const one = new Installation()
    Object.assign(target.is, { parallel: false })
    await expect(one.deliver(target.target(), shared, { plan })).rejects.toThrow(
      'More than 3 records are bad',
    )
    expect(one.letters).toEqual([7, 17, 27, 37])
    expect(one.state).toMatchObject({ refused: 4 })
    // Whoever dies before that was said says it afterwards.
    await expect(one.deliver(target.target(), shared, { plan })).rejects.toThrow(
      'More than 3 records are bad',
    )
    expect(one.letters).toHaveLength(4)
  })

  test('fails for good where a refused record is to fail it, or there are too many of them', async () => {
    const target = new Keyed()
    const open = elsewhere((range) => other(target.target(), range))
    const many = new Installation().deliver(target.target(), open, { plan: { mostBadRecords: 3 } })
    await expect(many).rejects.toThrow('More than 3 records are bad')
    const shared = elsewhere(async (range) => {
      const given = { target: target.target(), check: () => {}, signal: new AbortController().signal }
      return sealPlain(await deliverPart(consignment({ onBadRecord: 'fail' }), range, given), key)
    })
    const failing = new Installation()
    const one = failing.deliver(target.target(), shared, { plan: { onBadRecord: 'fail' } })
    await expect(one).rejects.toMatchObject({ problem: { type: expect.stringMatching('validation$') } })
    expect(failing.state).toMatchObject({ records: 6, refused: 0 })
  })

  test('ends where it is another process that has the part by now', async () => {
    const target = new Keyed()
    // Before each write, and before each flush after it.
    let left = 4
    const check = () => {
      if (left-- === 0) throw new Error('It is another process that has it.')
    }
    const of = consignment()
    const range = { from: start().at, to: extent, first: 0, concurrency: 1 }
    const { signal } = new AbortController()
    const { reached } = await deliverPart(of, range, { target: target.target(), check, signal })
    expect(reached).toMatchObject({ records: 2 * perBlock, delivered: 2 * perBlock })
    expect(target.held.size).toBe(2 * perBlock)
  })

  test('makes nothing durable where another process may have the part by now', async () => {
    const target = new Keyed()
    let [left, flushed] = [1, 0]
    Object.assign(target.is, { flush: async () => void flushed++ })
    const check = () => {
      if (left-- <= 0) throw new Error('It is another process that has it.')
    }
    const range = { from: start().at, to: extent, first: 0, concurrency: 1 }
    const { signal } = new AbortController()
    const { reached } = await deliverPart(consignment(), range, { target: target.target(), check, signal })
    expect(reached).toMatchObject({ records: 0 })
    expect(flushed).toBe(0)
  })

  test('whoever dies whenever, has each record once in the target and each dead letter once', async () => {
    const step = fc.record({
      here: fc.boolean(),
      /** After how many records whoever does it dies, and another does it. */
      diesAfter: fc.option(fc.nat(8)),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(6), { maxLength: 6 }),
        async (steps, deaths) => {
          const target = new Keyed()
          const installation = new Installation()
          let turn = 0
          const next = () => steps[turn++ % steps.length] ?? { here: true, diesAfter: null }
          /** Writes some of it, and is heard of no more. */
          const dying = async (range: Range, after: number) => {
            let left = after
            const mortal = new Keyed()
            mortal.before = () => {
              if (left-- <= 0) throw new Error('killed')
            }
            await other(mortal.target(), range)
            for (const [id, keys] of mortal.held) {
              target.held.set(id, new Set([...(target.held.get(id) ?? []), ...keys]))
            }
          }
          const open: OpenParts = () => ({
            do: async <T>({ here, input, from }: Part<T>): Promise<T> => {
              const { here: isHere, diesAfter } = next()
              if (!input) return here()
              const range = openPlain(await input(), key) as Range
              if (diesAfter !== null) await dying(range, diesAfter)
              return isHere ? here() : from(await other(target.target(), range))
            },
            settled: () => [],
            close: () => {},
          })
          const lives = [...deaths]
          for (let ends = false; !ends;) {
            let left = lives.shift()
            const dies = () => left !== undefined && left-- <= 0
            ends = await installation.deliver(target.target(), open, { dies }).then(
              () => true,
              () => false,
            )
          }
          expect([...target.held.keys()].sort((a, b) => a - b)).toEqual(taken)
          expect([...target.held.values()].every(({ size }) => size === 1)).toBe(true)
          expect(installation.state).toMatchObject(ended)
          expect([...installation.letters].sort((a, b) => Number(a) - Number(b))).toEqual(refused)
        },
      ),
      { numRuns: 40 },
    )
  })
})

test.each([
  [8, 4, 4, 2],
  [6, 4, 3, 2],
  [7, 4, 3, 2],
  [3, 8, 3, 1],
  [64, 6, 4, 16],
  [2, 4, 2, 1],
])('%i under way, in at most %i parts, are %i parts of %i', (all, parts, most, concurrency) => {
  expect(divide(all, parts)).toEqual({ most, concurrency })
})
