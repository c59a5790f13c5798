import type { Source, SourceBatch } from '../connectors/index.ts'
import type { Statement } from '../database/index.ts'
import { fault, problem, type Json, type Problem } from '../workflow/index.ts'
import { originsOf } from './dataset/block.ts'
import { encryptBytes } from './dataset/keys.ts'
import type { Staged } from './dataset/staged.ts'
import type { Pace } from './dataset/storage.ts'
import type { DatasetWriter } from './dataset/writer.ts'
import { concealIn } from './personal.ts'
import type { Parts } from './parts.ts'
import type { Plan } from './plan.ts'
import type { Begun } from './steps/apart.ts'
import type { Given, Made } from './steps/lines.ts'
import type { Pipeline } from './steps/pipeline.ts'
import { openBegun, sealGiven } from './steps/sealed.ts'
import type { Failed } from './steps/step.ts'
import type { Progress, TransferRow } from './store/rows.ts'
import { changeTransfer, insertLetters, saveExtent, type NewLetter } from './store/store.ts'

export interface Reading {
  readonly transfer: Pick<TransferRow, 'id' | 'dataset' | 'plan' | 'since'>
  readonly source: Source
  readonly pipeline: Pipeline
  /** Where other processes may do steps, too. */
  readonly parts?: Parts | undefined
  readonly writer: DatasetWriter
  readonly pace: Pace
  readonly staged: Staged
  /** Where it stands; goes on from there, and is kept up to date. */
  readonly state: ReadState
  readonly commit: (statements: readonly Statement[]) => Promise<void>
  /** Throws where another process may read by now. */
  readonly check: () => void
  readonly now: () => number
  readonly signal: AbortSignal
  /** Further statements that must be durable with a batch, such as that it answers a dead letter. */
  readonly also?: (position: Json) => readonly Statement[]
  /** What becomes of bad records, where that is not a dead letter of this transfer: in a replay. */
  readonly refused?: (letters: readonly NewLetter[]) => readonly Statement[]
}

export interface ReadState {
  position: Json
  /** Batches that are durable. */
  batch: number
  read: number
  bad: number
  skipped: number
  progress: Progress | undefined
}

const mostLettersAtOnce = 500
/** Batches that are read and not settled, for each that may be in the steps: who does them never waits for the source. */
export const ahead = 2

/**
 * Reads the source from where it stands to its end, through the steps, into the dataset. What is durable is seen by
 * those who follow. Throws what the source or a step throws: then it goes on another time from the last commit.
 */
export async function readAll(reading: Reading): Promise<void> {
  const { source, pipeline, parts, transfer, state, signal } = reading
  const { batchSize, concurrency } = transfer.plan
  const committer = new Committer(reading)
  const under: { batch: SourceBatch; begun: Promise<Begun> }[] = []
  let number = state.batch

  const settle = async () => {
    const next = under.shift()
    if (!next) return
    const made = await pipeline.end(await next.begun, ++number, signal)
    await committer.add(next.batch, made, number)
  }
  try {
    const request = { position: state.position, since: transfer.since, batchSize, signal }
    for await (const batch of source.read(request)) {
      signal.throwIfAborted()
      const given = batch.lines ? { lines: batch.lines } : { records: batch.records }
      const begun = begin(given, reading)
      // Whoever waits for it is told; until then it must not count as unheard.
      begun.catch(() => {})
      under.push({ batch, begun })
      while (under.length >= ahead * concurrency || (concurrency === 1 && under.length > 0)) await settle()
    }
    while (under.length > 0) await settle()
    await committer.end(true)
  } catch (error) {
    parts?.close()
    await Promise.allSettled(under.map(({ begun }) => begun))
    // What was read well before the fault is kept, so that nothing of it is read again.
    await committer.end(false).catch(() => {})
    throw error
  }
}

function begin(given: Given, { pipeline, parts, staged, signal }: Reading): Promise<Begun> {
  if (!parts) return pipeline.begin(given, signal)
  const { key } = staged
  return parts.do({
    here: () => pipeline.begin(given, signal),
    input: async () => sealGiven(given, key),
    from: async (output) => openBegun(output, key),
  })
}

/** Makes batches durable, many at once: the segment first, then the place from which to go on. */
class Committer {
  readonly #reading: Reading
  #letters: NewLetter[] = []
  #also: Statement[] = []
  #pending: ReadState
  #bytes = 0
  #last = performance.now()
  #every: number
  #committing: Promise<void> = Promise.resolve()
  #failed: unknown

  constructor(reading: Reading) {
    this.#reading = reading
    this.#every = reading.pace.firstMs
    this.#pending = { ...reading.state }
  }

  async add(batch: SourceBatch, made: Made, number: number): Promise<void> {
    const { writer, staged, also, check } = this.#reading
    if (this.#failed !== undefined) throw this.#failed
    const count = batch.lines ? batch.count : batch.records.length
    const pending = this.#pending
    const bad = made.failed.length + batch.bad.length
    this.#hold(batch, made.failed)
    if (made.count > 0) {
      const origins = originsOf((index) => batch.origin(index), count, made.of)
      const { lines, values } = made
      check()
      const { at, block } = await writer.append({ lines, values, count: made.count, origins })
      await staged.remember(at, block)
    }
    if (also) this.#also.push(...also(batch.position))
    this.#pending = {
      position: batch.position,
      batch: number,
      read: pending.read + count + batch.bad.length,
      bad: pending.bad + bad,
      skipped: pending.skipped,
      progress: batch.progress ?? pending.progress,
    }
    this.#bytes += made.lines.length
    const isDue =
      performance.now() - this.#last >= this.#every ||
      this.#bytes >= this.#reading.pace.everyBytes ||
      this.#letters.length >= mostLettersAtOnce
    if (isDue) await this.#begin(false)
  }

  /** With `complete` the dataset is sealed. */
  async end(complete: boolean): Promise<void> {
    await this.#begin(complete)
    await this.#committing
    if (this.#failed !== undefined) throw this.#failed
  }

  /** One commit at a time, beside the reading of what comes next. */
  async #begin(seal: boolean): Promise<void> {
    await this.#committing
    if (this.#failed !== undefined) throw this.#failed
    const { writer, pipeline, parts, transfer, commit, check, staged, now, state } = this.#reading
    const { refused = insertLetters } = this.#reading
    const letters = this.#letters
    const also = this.#also
    const reached = this.#pending
    const { extent } = writer
    this.#letters = []
    this.#also = []
    this.#bytes = 0
    this.#last = performance.now()
    this.#every = Math.min(this.#every * 2, this.#reading.pace.everyMs)
    check()
    pipeline.save()
    this.#committing = (async () => {
      const written = await writer.sync()
      await commit([
        ...written,
        saveExtent({ id: transfer.dataset, extent, batch: reached.batch, sealed: seal }),
        changeTransfer(
          transfer.id,
          { ...reached, trouble: undefined, ...(seal && { readAt: now() }) },
          now(),
        ),
        ...also,
        ...refused(letters),
        ...(parts?.settled() ?? []),
      ])
      Object.assign(state, reached)
      staged.grow(extent, seal)
    })().catch((error: unknown) => {
      this.#failed = error
    })
  }

  #hold(batch: SourceBatch, failed: readonly Failed[]): void {
    const { transfer, staged, now } = this.#reading
    const { onBadRecord, mostBadRecords, personal } = transfer.plan
    const all = [
      ...batch.bad.map(({ raw, origin, problem: found }) => ({ body: raw, origin, step: undefined, found })),
      ...failed.map(({ index, step, body, problem: found }) => ({
        body,
        origin: batch.origin(index),
        step,
        found: personal ? concealed(found, body, personal) : found,
      })),
    ]
    const [first] = all
    if (!first) return
    if (onBadRecord === 'fail') throw badRecord(first.origin, first.found)
    if (onBadRecord === 'skip') {
      this.#pending = { ...this.#pending, skipped: this.#pending.skipped + all.length }
    }
    if (this.#pending.bad + all.length > mostBadRecords) throw tooMany(mostBadRecords, first.found)
    if (onBadRecord === 'skip') return
    this.#letters.push(
      ...all.map(({ body, origin, step, found }) => ({
        transfer: transfer.id,
        dataset: transfer.dataset,
        target: undefined,
        targetName: undefined,
        step,
        record: undefined,
        origin,
        body: encryptBytes(Buffer.from(body), staged.key).toString('base64'),
        problem: found,
        attempts: 1,
        createdAt: now(),
      })),
    )
  }
}

function concealed(found: Problem, body: string, personal: NonNullable<Plan['personal']>): Problem {
  try {
    return concealIn(found, JSON.parse(body) as Json, personal)
  } catch {
    return found
  }
}

export function badRecord(origin: string, found: Problem): Error {
  const detail = `A record is bad, and the transfer is to fail then: ${origin}: ${found.detail ?? found.title ?? found.type}`
  return fault('validation', detail, { origin, cause: found as unknown as Json })
}

/** `found`: one of them, where it is known. */
export function tooMany(most: number, found?: Problem): Error {
  const many = `More than ${most} records are bad; something else is wrong.`
  if (!found) return fault('validation', many)
  const last = found.detail ?? found.title ?? found.type
  return fault('validation', `${many} One of them: ${last}`, {
    cause: problem('validation', last) as unknown as Json,
  })
}
