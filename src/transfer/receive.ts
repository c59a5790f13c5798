import { randomUUID } from 'node:crypto'
import type { SourceBatch } from '../connectors/index.ts'
import type { Statement } from '../database/index.ts'
import { hasCode } from '../errors.ts'
import type { CloudEvent } from '../workflow/index.ts'
import type { Means } from './carry-out.ts'
import { nothingYet, originsOf } from './dataset/block.ts'
import { encryptBytes } from './dataset/keys.ts'
import { DatasetWriter } from './dataset/writer.ts'
import { transferId } from './ids.ts'
import { uriOf } from './plan.ts'
import { makeLines } from './steps/lines.ts'
import { insertDataset, insertLetters, type NewLetter } from './store/store.ts'

/** Type of the event that says that something was received; its data is `{ connection, dataset, records }`. */
export const receivedType = 'dk.sluse.received.v1'

/** Takes in what others push. */
export interface Intake {
  /**
   * Makes the records durable as a dataset, and tells it to the pipelines that are scheduled on it. Resolves when
   * both are durable, so that the sender may forget them. The same connection and key again: what was said the
   * first time, and nothing happens twice. Rejects where nothing was taken in.
   */
  receive(request: ReceiveRequest): Promise<Received>
}

export interface ReceiveRequest {
  readonly connection: string
  /** The sender's `Idempotency-Key`; without one each request is another. */
  readonly key?: string | undefined
  /** What is sent, in order. What cannot be read as a record is among `bad`, and becomes a dead letter. */
  readonly batches: AsyncIterable<SourceBatch> | Iterable<SourceBatch>
}

export interface Received {
  /** Its URI. */
  readonly dataset: string
  readonly records: number
  readonly bad: number
  /** Whether it had been received before. */
  readonly duplicate: boolean
}

export interface IntakeOptions {
  readonly means: Means
  /** Puts an event into the inbox; one with the same source and id again is not taken twice. */
  readonly publish: (event: CloudEvent) => Promise<void>
  /** How long what was received is kept, in milliseconds. */
  readonly keep: number
}

type ReceivedRow = {
  connection: string
  key: string
  dataset: string
  records: number
  bad: number
  announced: number
}

export function openIntake({
  means,
  publish,
  keep,
}: IntakeOptions): Intake & { announceLeft(): Promise<void> } {
  const { store, now } = means
  const { database } = store
  const arriving = new Map<string, Promise<Received>>()

  const find = async (connection: string, key: string) => {
    const sql = 'SELECT * FROM received WHERE connection = ? AND key = ?'
    return (await database.query<ReceivedRow>(sql, [connection, key]))[0]
  }

  const announce = async ({ connection, key, dataset, records }: ReceivedRow): Promise<void> => {
    await publish({
      specversion: '1.0',
      id: dataset,
      source: `/in/${encodeURIComponent(connection)}`,
      type: receivedType,
      subject: connection,
      time: new Date(now()).toISOString(),
      datacontenttype: 'application/json',
      data: { connection, dataset: uriOf(dataset), records },
    })
    const sql = 'UPDATE received SET announced = 1 WHERE connection = ? AND key = ?'
    await database.commit([{ sql, parameters: [connection, key] }])
  }

  const take = async (
    connection: string,
    key: string,
    batches: ReceiveRequest['batches'],
  ): Promise<Received> => {
    const known = await find(connection, key)
    if (known) {
      // It is ours; whether it was told to anybody is not sure after a crash.
      if (known.announced === 0) await announce(known)
      return { dataset: uriOf(known.dataset), records: known.records, bad: known.bad, duplicate: true }
    }
    const staged = await stage(connection, key, batches, means, keep).catch(async (error: unknown) => {
      // Another process on the same database was faster; the sender hears what it was told there.
      const other = hasCode(error, 'SLUSE-STORE') ? await find(connection, key) : undefined
      if (!other) throw error
      return other
    })
    if ('announced' in staged)
      return { dataset: uriOf(staged.dataset), records: staged.records, bad: staged.bad, duplicate: true }
    await announce({ connection, key, ...staged, announced: 0 })
    return { ...staged, dataset: uriOf(staged.dataset), duplicate: false }
  }

  return {
    receive({ connection, key = randomUUID(), batches }) {
      const identity = JSON.stringify([connection, key])
      const before = arriving.get(identity)
      if (before) return before.then((received) => ({ ...received, duplicate: true }))
      const taking = take(connection, key, batches).finally(() => arriving.delete(identity))
      arriving.set(identity, taking)
      return taking
    },
    async announceLeft() {
      const rows = await database.query<ReceivedRow>('SELECT * FROM received WHERE announced = 0')
      for (const row of rows) await announce(row)
    },
  }
}

/** Durable as a dataset when this resolves; nothing of it counts before. */
async function stage(
  connection: string,
  key: string,
  batches: ReceiveRequest['batches'],
  means: Means,
  keep: number,
): Promise<{ dataset: string; records: number; bad: number }> {
  const { store, keys, storage, now } = means
  // Each attempt writes into a dataset of its own: two processes may be sent the same.
  const dataset = transferId(`received:${connection}:${key}:${randomUUID()}`)
  const secret = await keys.create(dataset)
  const writer = await DatasetWriter.open({ storage, name: dataset, key: secret, extent: nothingYet })
  let written: readonly Statement[]
  const letters: NewLetter[] = []
  const receivedAt = now()
  try {
    for await (const batch of batches) {
      const given = batch.lines ? { lines: batch.lines } : { records: batch.records }
      const made = makeLines(given, { steps: [], key: secret })
      const bad = [
        ...batch.bad.map(({ raw, origin, problem }) => ({ body: raw, origin, problem })),
        ...made.failed.map(({ index, body, problem }) => ({ body, origin: batch.origin(index), problem })),
      ]
      for (const { body, origin, problem } of bad) {
        letters.push({
          transfer: dataset,
          dataset,
          target: undefined,
          targetName: undefined,
          step: undefined,
          record: undefined,
          origin,
          body: encryptBytes(Buffer.from(body), secret).toString('base64'),
          problem,
          attempts: 1,
          createdAt: receivedAt,
        })
      }
      if (made.count === 0) continue
      const count = batch.lines ? batch.count : batch.records.length
      const origins = originsOf((index) => batch.origin(index), count, made.of)
      await writer.append({ lines: made.lines, count: made.count, origins })
    }
    written = await writer.sync()
  } finally {
    await writer.close()
  }
  const { extent } = writer
  const { records } = extent
  const bad = letters.length
  await store.database.commit([
    ...written,
    insertDataset({
      id: dataset,
      source: connection,
      createdAt: receivedAt,
      extent,
      batch: 0,
      sealed: true,
      personal: undefined,
      expiresAt: receivedAt + keep,
      erasedAt: undefined,
    }),
    {
      sql: 'INSERT INTO received (connection, key, dataset, records, bad, received_at, announced) VALUES (?, ?, ?, ?, ?, ?, 0)',
      parameters: [connection, key, dataset, records, bad, receivedAt],
    },
    ...insertLetters(letters),
  ])
  return { dataset, records, bad }
}
