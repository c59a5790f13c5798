import type { WriteResult } from '../../connectors/index.ts'
import type { Json, Problem } from '../../workflow/index.ts'
import type { BlockAddress } from '../dataset/block.ts'
import { encryptBytes } from '../dataset/keys.ts'
import { concealIn } from '../personal.ts'
import { badRecord, tooMany } from '../reading.ts'
import type { TargetBatch } from '../record-batch.ts'
import type { NewLetter } from '../store/store.ts'
import type { Consignment } from './consignment.ts'

export interface DeliveryState {
  at: BlockAddress
  records: number
  delivered: number
  refused: number
  skipped: number
  state: Json
}

/** What is in a tally: plain data. */
export interface Counted {
  readonly reached: DeliveryState
  readonly letters: readonly NewLetter[]
  readonly problem?: Problem | undefined
}

/** Counts what became of records, and gathers the letters of those that were refused until somebody keeps them. */
export class Tally {
  readonly #of: Consignment
  #letters: NewLetter[] = []
  #problem: Problem | undefined
  reached: DeliveryState

  constructor(of: Consignment, reached: DeliveryState) {
    this.#of = of
    this.reached = { ...reached }
  }

  get letters(): readonly NewLetter[] {
    return this.#letters
  }

  /** Of one of the refused records, where there are any. */
  get problem(): Problem | undefined {
    return this.#problem
  }

  /** Throws where a bad record is to fail the transfer. */
  add(
    batch: TargetBatch,
    result: WriteResult | undefined,
    place: Pick<DeliveryState, 'at' | 'records'>,
  ): void {
    const { onBadRecord } = this.#of.plan
    const letters = this.#lettersOf(batch, result)
    const { reached } = this
    const [first] = letters
    if (first && onBadRecord === 'fail') throw badRecord(first.origin, first.problem)
    const refused = result?.refused.length ?? 0
    this.reached = {
      ...place,
      delivered: reached.delivered + batch.size - refused,
      refused: reached.refused + letters.length,
      skipped: reached.skipped + (onBadRecord === 'skip' ? letters.length : 0),
      state: result ? result.state : reached.state,
    }
    this.#problem ??= first?.problem
    if (onBadRecord === 'deadLetter') this.#letters.push(...letters)
  }

  /** What another tally, which began where this one has reached, has counted and gathered. */
  join({ reached: more, letters, problem }: Counted): void {
    const { reached } = this
    this.reached = {
      ...reached,
      at: more.at,
      records: more.records,
      delivered: reached.delivered + more.delivered,
      refused: reached.refused + more.refused,
      skipped: reached.skipped + more.skipped,
    }
    this.#problem ??= problem
    this.#letters.push(...letters)
  }

  /** Throws where too many records are bad. They are counted and gathered all the same: people look for why among them. */
  check(): void {
    const { mostBadRecords } = this.#of.plan
    if (this.reached.refused > mostBadRecords) throw tooMany(mostBadRecords, this.#problem)
  }

  /** All that was gathered is kept. */
  kept(): void {
    this.#letters = []
  }

  #lettersOf(batch: TargetBatch, result: WriteResult | undefined): NewLetter[] {
    const { transfer, dataset, index, planned, staged, personal, now } = this.#of
    const letter = (
      number: number,
      origin: string,
      body: string,
      step: number | undefined,
      found: Problem,
    ) => ({
      transfer,
      dataset,
      target: index,
      targetName: planned.name,
      step,
      record: number,
      origin,
      body: encryptBytes(Buffer.from(body), staged.key).toString('base64'),
      problem: personal ? concealIn(found, JSON.parse(body) as Json, personal) : found,
      attempts: 1,
      createdAt: now(),
    })
    return [
      ...batch.failed.map(({ index: at, step, body, problem }) =>
        letter(batch.first + at, batch.blockOrigin(at), body, step, problem),
      ),
      ...(result?.refused ?? []).map(({ index: at, problem }) => {
        const body = JSON.stringify(batch.values()[at] ?? null)
        return letter(batch.number(at), batch.origin(at), body, undefined, problem)
      }),
    ]
  }
}
