import type { Delivery, Target, WriteResult } from '../connectors/index.ts'
import type { Statement } from '../database/index.ts'
import type { Json, Problem } from '../workflow/index.ts'
import type { Block, BlockAddress } from './dataset/block.ts'
import { encryptBytes } from './dataset/keys.ts'
import type { Follower, Staged } from './dataset/staged.ts'
import { concealIn, type PersonalData } from './personal.ts'
import type { Plan, PlannedTarget } from './plan.ts'
import { badRecord, tooMany } from './reading.ts'
import { targetBatch, type TargetBatch } from './record-batch.ts'
import { changeTarget, insertLetters, type NewLetter } from './store/store.ts'

export interface Delivering {
  readonly transfer: string
  readonly dataset: string
  /** Its number among the targets, and what the plan says of it. */
  readonly index: number
  readonly planned: PlannedTarget
  readonly plan: Pick<Plan, 'onBadRecord' | 'mostBadRecords' | 'concurrency' | 'order'>
  /** Of the dataset. */
  readonly personal: PersonalData | undefined
  readonly target: Target
  readonly staged: Staged
  /**
   * At where it stands; closed in the end. It follows before the target is asked for, so that what is staged meanwhile is
   * still in memory then.
   */
  readonly follower: Follower
  /** Where it stands; goes on from there, and is kept up to date. */
  readonly state: DeliveryState
  readonly commit: (statements: readonly Statement[]) => Promise<void>
  /** Throws where another process may deliver by now. */
  readonly check: () => void
  readonly now: () => number
  readonly signal: AbortSignal
  /** What becomes of refused records, where that is not a dead letter of this transfer: in a replay. */
  readonly refused?: (letters: readonly NewLetter[]) => readonly Statement[]
}

export interface DeliveryState {
  at: BlockAddress
  records: number
  delivered: number
  refused: number
  skipped: number
  state: Json
}

const checkpointEveryMs = 250
const mostLettersAtOnce = 500

/**
 * Delivers a dataset to one target, from where it stands to the dataset's end, at the target's own pace. Throws what
 * the target throws: then it goes on another time from the last checkpoint.
 */
export async function deliverAll(delivering: Delivering): Promise<void> {
  const { planned, plan, staged, follower, state, signal, target, transfer, index, check } = delivering
  const deliveryId = `${transfer}:${index}`
  const delivery = await target
    .begin({
      mode: planned.mode,
      key: planned.key,
      deliveryId,
      state: state.state,
      concurrency: plan.order === 'any' ? plan.concurrency : 1,
      signal,
    })
    .catch(async (error: unknown) => {
      await follower.close()
      throw error
    })
  const checkpoints = new Checkpoints(delivering, delivery)
  try {
    await checkpoints.begin()
    let { at } = checkpoints.reached
    for (;;) {
      const block = await follower.next(at, signal)
      if (!block) break
      const { steps } = planned
      const { personal } = delivering
      const valuesOf = (each: Block) => staged.valuesOf(each)
      const batch = targetBatch(block, { steps, personal, key: staged.key, deliveryId, valuesOf })
      check()
      const result = batch.size > 0 ? await delivery.write(batch, signal) : undefined
      at = block.next
      await checkpoints.add(batch, result, { at, records: block.first + block.count })
    }
    await checkpoints.save()
    check()
    await delivery.finish(signal)
    await checkpoints.end()
  } catch (error) {
    // What was written well before the fault need not be written again.
    if (delivery.resumable) await checkpoints.save().catch(() => {})
    await delivery.abort().catch(() => {})
    throw error
  } finally {
    await follower.close()
  }
}

/** Keeps where a delivery stands, many batches at once. */
class Checkpoints {
  readonly #delivering: Delivering
  readonly #delivery: Delivery
  #letters: NewLetter[] = []
  #last = performance.now()
  #isOpen = false
  reached: DeliveryState

  constructor(delivering: Delivering, delivery: Delivery) {
    this.#delivering = delivering
    this.#delivery = delivery
    this.reached = { ...delivering.state }
  }

  /** A delivery that cannot go on where it was begins anew, and its counts with it. */
  async begin(): Promise<void> {
    const { state } = this.#delivering
    if (!this.#delivery.resumable) {
      this.reached = {
        at: { segment: 0, offset: 0 },
        records: 0,
        delivered: 0,
        refused: 0,
        skipped: 0,
        state: null,
      }
      return
    }
    if (this.#delivery.state === undefined || state.state !== null) return
    this.reached.state = this.#delivery.state
    this.#isOpen = true
    await this.save()
  }

  async add(
    batch: TargetBatch,
    result: WriteResult | undefined,
    place: Pick<DeliveryState, 'at' | 'records'>,
  ): Promise<void> {
    const { onBadRecord, mostBadRecords } = this.#delivering.plan
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
    if (first && this.reached.refused > mostBadRecords) throw tooMany(mostBadRecords, first.problem)
    if (onBadRecord === 'deadLetter') this.#letters.push(...letters)
    this.#isOpen = true
    const isDue =
      performance.now() - this.#last >= checkpointEveryMs || this.#letters.length >= mostLettersAtOnce
    if (isDue && this.#delivery.resumable) await this.save()
  }

  async save(): Promise<void> {
    if (!this.#isOpen || !this.#delivery.resumable) return
    const { signal, commit, check } = this.#delivering
    const { reached } = this
    const letters = this.#letters
    check()
    await this.#delivery.flush?.(signal)
    await commit([this.#change(reached), ...this.#kept(letters)])
    this.#letters = []
    this.#isOpen = false
    this.#last = performance.now()
    Object.assign(this.#delivering.state, reached)
  }

  async end(): Promise<void> {
    const { commit, transfer, index, state } = this.#delivering
    const done = changeTarget(transfer, index, { status: 'completed', trouble: undefined })
    await commit([this.#change(this.reached), done, ...this.#kept(this.#letters)])
    Object.assign(state, this.reached)
  }

  #change(reached: DeliveryState): Statement {
    const { transfer, index } = this.#delivering
    return changeTarget(transfer, index, { ...reached, trouble: undefined })
  }

  #kept(letters: readonly NewLetter[]): readonly Statement[] {
    return (this.#delivering.refused ?? insertLetters)(letters)
  }

  #lettersOf(batch: TargetBatch, result: WriteResult | undefined): NewLetter[] {
    const { transfer, dataset, index, planned, staged, personal, now } = this.#delivering
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
