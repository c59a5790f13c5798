import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultOf } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type {
  Delivery,
  DeliveryRequest,
  OpenConnection,
  RecordBatch,
  Source,
  TargetMode,
} from '../connector.ts'

/** What a connector's tests give, so that the contract of `connector.ts` is held against a real system. */
export interface Subject {
  readonly open: () => OpenConnection
  readonly close: () => Promise<void>
  readonly source?: {
    /** Puts these records where the source finds them, and nothing else; gives the options to read them with. */
    put(records: readonly JsonObject[]): Promise<JsonObject>
    /** As they come out, where that is not as they went in. */
    readonly shown?: (record: JsonObject) => Json
    /** A read may not begin anew after messages were acknowledged: it is told apart by what `confirm` means. */
    readonly once?: boolean
  }
  readonly target?: {
    readonly modes: readonly TargetMode[]
    /** Makes the target empty; gives its options. */
    clear(): Promise<JsonObject>
    /** What is visible there, in order. */
    contents(): Promise<Json[]>
    /** A record that the system refuses. */
    readonly refused?: JsonObject
  }
  /** Connections that do not work, and what `check` says of each. */
  readonly broken: readonly { readonly open: () => OpenConnection; readonly says: RegExp }[]
}

const records = Array.from({ length: 23 }, (_, at): JsonObject => ({ id: at + 1, name: `Åse ${at + 1}` }))

/** The contract that every connector keeps; `make` starts what is needed. */
export function connectorSuite(
  name: string,
  make: () => Promise<Subject>,
  has: {
    source?: boolean
    modes?: readonly TargetMode[]
    /** Of the modes, those in which several may deliver at the same time. */
    parallel?: readonly TargetMode[]
    refuses?: boolean
  },
): void {
  describe(`the contract: ${name}`, () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    }, 120_000)
    afterAll(async () => subject?.close())
    const { signal } = new AbortController()

    test('its check says in a sentence that it works', async () => {
      await using_(subject.open(), async (connection) => {
        expect(await connection.check(signal)).toMatch(/^\S.*\.$/s)
      })
    })

    test('its check says in a sentence what is wrong', async () => {
      for (const { open, says } of subject.broken) {
        await using_(open(), async (connection) => {
          const { detail } = await faultOf(connection.check(signal))
          expect(detail).toMatch(says)
        })
      }
    })

    if (has.source) {
      test('a read goes on from any position with just the rest', async () => {
        await using_(subject.open(), async (connection) => {
          const { put, shown = (it: JsonObject) => it } = subject.source as NonNullable<Subject['source']>
          const source = connection.source?.(await put(records)) as Source
          const whole = await readAll(source, null, signal)
          expect(whole.flatMap((batch) => batch.records)).toEqual(records.map(shown))
          for (const [at, { position }] of whole.entries()) {
            const kept = JSON.parse(JSON.stringify(position)) as Json
            const rest = await readAll(source, kept, signal)
            expect(rest.flatMap((batch) => batch.records)).toEqual(
              whole.slice(at + 1).flatMap((batch) => batch.records),
            )
            expect(rest.flatMap((batch) => batch.origins)).toEqual(
              whole.slice(at + 1).flatMap((batch) => batch.origins),
            )
          }
        })
      })

      test('a read that is confirmed can be confirmed again', async () => {
        await using_(subject.open(), async (connection) => {
          const source = connection.source?.(
            await (subject.source as NonNullable<Subject['source']>).put(records),
          ) as Source
          const whole = await readAll(source, null, signal)
          const last = whole.at(-1)?.position ?? null
          await source.confirm?.(last, signal)
          await source.confirm?.(last, signal)
        })
      })

      test('a read ends soon after it is cancelled', async () => {
        await using_(subject.open(), async (connection) => {
          const source = connection.source?.(
            await (subject.source as NonNullable<Subject['source']>).put(records),
          ) as Source
          const controller = new AbortController()
          const reading = (async () => {
            for await (const batch of source.read({
              position: null,
              since: null,
              batchSize: 1,
              signal: controller.signal,
            })) {
              controller.abort(new Error('cancelled'))
              void batch
            }
          })()
          await reading.catch((error: unknown) => expect(String(error)).toMatch(/cancelled|abort/i))
        })
      })
    }

    for (const mode of has.modes ?? []) {
      test(`${mode}: what is written in batches is there once it is finished, and finishing twice changes nothing`, async () => {
        await using_(subject.open(), async (connection) => {
          const target = subject.target as NonNullable<Subject['target']>
          const options = await target.clear()
          const delivery = await begin(connection, options, mode, `whole-${mode}`)
          expect(delivery.parallel ?? false).toBe(has.parallel?.includes(mode) ?? false)
          for (const batch of batches(records)) await delivery.write(batch, signal)
          await delivery.flush?.(signal)
          await delivery.finish(signal)
          await delivery.finish(signal)
          expect(sorted(await target.contents())).toEqual(sorted(records))
        })
      })

      test(`${mode}: an interrupted delivery goes on, and no record is missing`, async () => {
        const target = subject.target as NonNullable<Subject['target']>
        const options = await target.clear()
        const all = batches(records)
        let state: Json = null
        let written = 0
        const gone = new AbortController()
        let letGo = async (): Promise<void> => {}
        await using_(subject.open(), async (connection) => {
          const first = await begin(connection, options, mode, `again-${mode}`, null, gone)
          letGo = () => first.abort()
          state = first.state ?? null
          for (const batch of all.slice(0, 3)) {
            state = (await first.write(batch, signal)).state
            written += 1
          }
          await first.flush?.(signal)
          // One more that no checkpoint knows of, and then the process is gone.
          await first.write(all[3] as RecordBatch, signal)
          if (!first.resumable) written = 0
          await first.flush?.(signal)
          // What a killed process leaves is let go of by the system at the other end.
          if (!first.resumable) await first.abort()
        })
        await using_(subject.open(), async (connection) => {
          const kept = JSON.parse(JSON.stringify(written === 0 ? null : state)) as Json
          const second = await begin(connection, options, mode, `again-${mode}`, kept)
          for (const batch of all.slice(written)) await second.write(batch, signal)
          await second.flush?.(signal)
          await second.finish(signal)
        })
        // What a process that is gone had open its own system has closed long before.
        gone.abort(new Error('gone'))
        await letGo().catch(() => {})
        const found = sorted(await target.contents())
        if (mode !== 'append') return expect(found).toEqual(sorted(records))
        // At least once: what came after the checkpoint may be there twice.
        expect([...new Set(found.map((it) => JSON.stringify(it)))]).toEqual(
          sorted(records).map((it) => JSON.stringify(it)),
        )
      })
    }

    for (const mode of has.parallel ?? []) {
      test(`${mode}: several deliver at the same time, some of it twice, and no record is missing`, async () => {
        const target = subject.target as NonNullable<Subject['target']>
        const options = await target.clear()
        const all = batches(records)
        await using_(subject.open(), async (connection) => {
          await using_(subject.open(), async (other) => {
            const one = await begin(connection, options, mode, `parallel-${mode}`)
            const two = await begin(connection, options, mode, `parallel-${mode}`)
            const three = await begin(other, options, mode, `parallel-${mode}`)
            const write = async (delivery: Delivery, some: readonly RecordBatch[]) => {
              for (const each of some) {
                await delivery.write(each, signal)
                await delivery.flush?.(signal)
              }
              await delivery.finish(signal)
            }
            await Promise.all([
              write(one, all.slice(0, 3)),
              write(two, all.slice(2).reverse()),
              write(three, [...all.slice(3), ...all.slice(0, 1)]),
            ])
          })
        })
        const found = sorted(await target.contents())
        if (mode === 'upsert') return expect(found).toEqual(sorted(records))
        const once = [...new Set(found.map((it) => JSON.stringify(it)))]
        expect(once).toEqual(sorted(records).map((it) => JSON.stringify(it)))
      })
    }

    if (has.modes?.includes('upsert')) {
      test('upsert: a delivery that is repeated makes no duplicates, and newer values win', async () => {
        const target = subject.target as NonNullable<Subject['target']>
        const options = await target.clear()
        await using_(subject.open(), async (connection) => {
          for (const [at, name] of ['old', 'new'].entries()) {
            const delivery = await begin(connection, options, 'upsert', `upsert-${at}`)
            for (const batch of batches(records.map((it) => ({ ...it, name }))))
              await delivery.write(batch, signal)
            await delivery.finish(signal)
          }
        })
        expect(sorted(await target.contents())).toEqual(sorted(records.map((it) => ({ ...it, name: 'new' }))))
      })
    }

    if (has.modes?.includes('replace')) {
      test('replace: nothing changes before the end, nothing at all where it is given up', async () => {
        const target = subject.target as NonNullable<Subject['target']>
        const options = await target.clear()
        await using_(subject.open(), async (connection) => {
          const first = await begin(connection, options, 'replace', 'replace-1')
          await first.write(batch(records.slice(0, 2), 0), signal)
          await first.finish(signal)
          const second = await begin(connection, options, 'replace', 'replace-2')
          await second.write(batch(records.slice(5, 9), 0), signal)
          expect(sorted(await target.contents())).toEqual(sorted(records.slice(0, 2)))
          await second.abort()
          expect(sorted(await target.contents())).toEqual(sorted(records.slice(0, 2)))
          const third = await begin(connection, options, 'replace', 'replace-3')
          await third.write(batch(records.slice(5, 9), 0), signal)
          await third.finish(signal)
          expect(sorted(await target.contents())).toEqual(sorted(records.slice(5, 9)))
        })
      })
    }

    if (has.refuses) {
      test('a record that is refused is told by its place, and the others are delivered', async () => {
        const target = subject.target as NonNullable<Subject['target']>
        const mode = target.modes[0] as TargetMode
        const options = await target.clear()
        await using_(subject.open(), async (connection) => {
          const delivery = await begin(connection, options, mode, 'refused')
          const mixed = [...records.slice(0, 3), target.refused as JsonObject, ...records.slice(3, 6)]
          const { refused } = await delivery.write(batch(mixed, 0), signal)
          expect(refused.map(({ index }) => index)).toEqual([3])
          expect(refused[0]?.problem.detail).toBeTruthy()
          await delivery.finish(signal)
        })
        expect(sorted(await target.contents())).toEqual(sorted(records.slice(0, 6)))
      })
    }
  })
}

async function begin(
  connection: OpenConnection,
  options: JsonObject,
  mode: TargetMode,
  deliveryId: string,
  state: Json = null,
  { signal } = new AbortController(),
): Promise<Delivery> {
  const request: DeliveryRequest = {
    mode,
    key: mode === 'upsert' ? ['id'] : [],
    deliveryId,
    state,
    concurrency: 1,
    signal,
  }
  const delivery = await connection.target?.(options).begin(request)
  if (!delivery) throw new Error('It is no target.')
  return delivery
}

/** A batch as a transfer gives one. */
export function batch(values: readonly Json[], first: number, delivery = 'delivery'): RecordBatch {
  return {
    size: values.length,
    first,
    values: () => values,
    lines: () => Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join('')),
    idempotencyKey: (index) => `${delivery}-${first + index}`,
  }
}

let deliveries = 0

function batches(all: readonly Json[], size = 5): RecordBatch[] {
  const found: RecordBatch[] = []
  deliveries += 1
  for (let at = 0; at < all.length; at += size)
    found.push(batch(all.slice(at, at + size), at, `d${deliveries}`))
  return found
}

interface ReadBatch {
  readonly records: Json[]
  readonly origins: string[]
  readonly position: Json
}

/** Everything that a source gives, lines parsed. */
export async function readAll(
  source: Source,
  position: Json,
  signal: AbortSignal,
  more: { readonly since?: Json; readonly batchSize?: number } = {},
): Promise<ReadBatch[]> {
  const found: ReadBatch[] = []
  const request = { position, since: more.since ?? null, batchSize: more.batchSize ?? 4, signal }
  for await (const each of source.read(request)) {
    const values = each.lines
      ? Buffer.from(each.lines)
          .toString()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Json)
      : [...each.records]
    found.push({ records: values, origins: values.map((_, at) => each.origin(at)), position: each.position })
  }
  return found
}

async function using_(
  connection: OpenConnection,
  use: (connection: OpenConnection) => Promise<void>,
): Promise<void> {
  try {
    await use(connection)
  } finally {
    await connection.close()
  }
}

const sorted = (values: readonly Json[]): Json[] =>
  [...values].sort((one, other) => Number((one as JsonObject).id) - Number((other as JsonObject).id))
