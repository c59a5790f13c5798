import { randomUUID } from 'node:crypto'
import type { Row } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import { problemOf, type Json } from '../workflow/index.ts'
import { carryOut, type Means } from './carry-out.ts'
import { createTransfer } from './create.ts'
import { decryptBytes } from './dataset/keys.ts'
import { transferId } from './ids.ts'
import type { Plan, PlannedTarget } from './plan.ts'
import type { Intake } from './receive.ts'
import type { LetterRow, TransferRow } from './store/rows.ts'
import { letterFrom, transferFrom } from './store/read-rows.ts'

/** Delivers again what has been read before: transfers of our own, which no run carries out. */
export interface Replays {
  /** Open dead letters, from where each of them failed. Gives the ids of the transfers that do it. */
  letters(numbers: readonly number[]): Promise<readonly string[]>
  /** A whole dataset to one target of a transfer that delivered it. Gives the id of the transfer that does it. */
  dataset(id: string, target: string): Promise<string>
  takeUp(): Promise<void>
  close(): Promise<void>
}

/** `alone`: this process carries them out by itself; else whichever takes them. */
export function openReplays(means: Means, intake: Intake, alone: boolean): Replays {
  const { store, now, log } = means
  const { database } = store
  const closing = new AbortController()
  const underWay = new Set<Promise<void>>()

  /** Until it has ended, however often it is put off. */
  const carryOn = async (id: string): Promise<void> => {
    const context = { runId: `replay:${id}`, key: 'replay', secrets: {} }
    while (!closing.signal.aborted) {
      try {
        await carryOut(id, means, { context, signal: closing.signal })
        return
      } catch (error) {
        if (closing.signal.aborted) return
        const { until } = error as { until?: unknown }
        if (typeof until !== 'number') {
          if (!problemOf(error)) log('error', 'A replay failed.', { transfer: id, why: String(error) })
          return
        }
        await pause(until - now(), closing.signal)
      }
    }
  }
  const start = (id: string) => {
    if (!alone) return
    const work = carryOn(id).finally(() => underWay.delete(work))
    underWay.add(work)
  }

  return {
    async letters(numbers) {
      const letters = await openLetters(numbers, means)
      const ids: string[] = []
      for (const group of groups(letters)) {
        const [first] = group
        if (!first) continue
        const transfer = await store.transfer(first.transfer)
        if (!transfer) {
          await receiveAgain(group, means, intake)
          continue
        }
        const id = transferId(`replay:${randomUUID()}`)
        await createReplay(id, transfer, first, group, means)
        ids.push(id)
        start(id)
      }
      return ids
    },
    async dataset(id, target) {
      const dataset = await store.dataset(id)
      if (!dataset) throw new SluseError('SLUSE-DATASET-NOT-FOUND', `(${id})`)
      if (dataset.erasedAt !== undefined) throw new SluseError('SLUSE-DATASET-ERASED', `(${id})`)
      if (!dataset.sealed)
        throw new SluseError('SLUSE-TRANSFER-STATE', 'Its source has not been read to its end.')
      const rows = (
        await database.query<Row>('SELECT * FROM transfers WHERE dataset = ? ORDER BY number DESC LIMIT 50', [
          id,
        ])
      ).map(transferFrom)
      const found = rows.find(({ plan }) => plan.to.some(({ name }) => name === target))
      const planned = found?.plan.to.find(({ name }) => name === target)
      if (!found || !planned) {
        throw new SluseError(
          'SLUSE-REQUEST',
          `No transfer of this dataset has a target ${JSON.stringify(target)}.`,
        )
      }
      const replay = transferId(`replay:${randomUUID()}`)
      const plan = planFor(found.plan, [planned])
      await createTransfer(
        {
          ...about(found),
          id: replay,
          source: `dataset ${id}`,
          plan: { ...plan, from: { kind: 'dataset', dataset: id } },
        },
        means,
      )
      start(replay)
      return replay
    },
    async takeUp() {
      if (!alone) return
      for (const { id } of await store.openReplays()) start(id)
    },
    async close() {
      closing.abort(new Error('The server is stopping.'))
      await Promise.allSettled(underWay)
    },
  }
}

async function openLetters(numbers: readonly number[], { store }: Means): Promise<LetterRow[]> {
  const letters: LetterRow[] = []
  for (let from = 0; from < numbers.length; from += 500) {
    const some = numbers.slice(from, from + 500)
    const places = some.map(() => '?').join(', ')
    const rows = await store.database.query(`SELECT * FROM dead_letters WHERE number IN (${places})`, some)
    letters.push(...rows.map(letterFrom))
  }
  const missing = numbers.find((number) => !letters.some((letter) => letter.number === number))
  if (missing !== undefined) throw new SluseError('SLUSE-DEAD-LETTER-NOT-FOUND', `(${missing})`)
  const closed = letters.find(({ status }) => status !== 'open')
  if (closed) throw new SluseError('SLUSE-DEAD-LETTER-STATE', `(${closed.number} is ${closed.status})`)
  return letters
}

/** Those that failed at the same place go on from there together. */
function groups(letters: readonly LetterRow[]): readonly (readonly LetterRow[])[] {
  const byPlace = new Map<string, LetterRow[]>()
  for (const letter of letters) {
    const place = JSON.stringify([letter.transfer, letter.target ?? null, letter.step ?? null])
    byPlace.set(place, [...(byPlace.get(place) ?? []), letter])
  }
  return [...byPlace.values()]
}

async function createReplay(
  id: string,
  transfer: TransferRow,
  { target, step }: LetterRow,
  group: readonly LetterRow[],
  means: Means,
): Promise<void> {
  const { plan } = transfer
  const dataset = await means.store.dataset(transfer.dataset)
  const personal = dataset?.personal
  const own = target === undefined ? undefined : plan.to[target]
  const base = own
    ? // What a target refused has been through its steps already.
      planFor(plan, [{ ...own, steps: step === undefined ? [] : own.steps.slice(step) }])
    : { ...planFor(plan, plan.to), steps: plan.steps.slice(step ?? 0) }
  const numbers = group.map(({ number }) => number)
  const also = []
  for (let from = 0; from < numbers.length; from += 500) {
    const some = numbers.slice(from, from + 500)
    also.push({
      sql: `UPDATE dead_letters SET status = 'replaying', replay = ?, updated_at = ?
            WHERE status = 'open' AND number IN (${some.map(() => '?').join(', ')})`,
      parameters: [id, means.now(), ...some],
    })
  }
  const from = { kind: 'letters' as const, ...(target !== undefined && { target }) }
  const all = { ...base, from, ...(personal && { personal }) }
  await createTransfer({ ...about(transfer), id, source: 'dead letters', plan: all, also }, means)
}

function about({ namespace, name, task, run }: TransferRow) {
  return {
    kind: 'replay' as const,
    origin: JSON.stringify(['replay', randomUUID()]),
    namespace,
    name,
    task,
    run,
  }
}

/** Some records more are no replacement of all: they are written by key where that can be, else added. */
function planFor(plan: Plan, targets: readonly PlannedTarget[]): Plan {
  const { expect: _, ...rest } = plan
  const to = targets.map((each) =>
    each.mode === 'replace'
      ? { ...each, mode: each.key.length > 0 ? ('upsert' as const) : ('append' as const) }
      : each,
  )
  return { ...rest, steps: [], to }
}

/** What could not be read of what was pushed is, corrected, as if it had been pushed so. */
async function receiveAgain(group: readonly LetterRow[], means: Means, intake: Intake): Promise<void> {
  const { store, keys, now } = means
  for (const letter of group) {
    const dataset = await store.dataset(letter.dataset)
    if (!dataset) throw new SluseError('SLUSE-DATASET-NOT-FOUND', `(${letter.dataset})`)
    const secret = await keys.get(dataset.storage)
    const text = decryptBytes(Buffer.from(letter.body, 'base64'), secret).toString('utf8')
    let record: Json
    try {
      record = JSON.parse(text) as Json
    } catch {
      throw new SluseError('SLUSE-DEAD-LETTER-STATE', `${letter.number} is no JSON yet: edit it first.`)
    }
    const origin = () => `#${letter.number} ${letter.origin}`
    const key = `replay:${letter.number}:${letter.attempts}`
    await intake.receive({
      connection: dataset.source,
      key,
      batches: [{ records: [record], origin, bad: [], position: null }],
    })
    const sql = "UPDATE dead_letters SET status = 'replayed', updated_at = ? WHERE number = ?"
    await store.database.commit([{ sql, parameters: [now(), letter.number] }])
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(Math.max(ms, 100), 60_000))
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
