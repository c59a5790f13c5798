import type { Delivery } from '../../connectors/index.ts'
import type { Statement } from '../../database/index.ts'
import { changeTarget, insertLetters, type NewLetter } from '../store/store.ts'
import type { Consignment } from './consignment.ts'
import type { DeliveryState, Tally } from './tally.ts'

export interface CheckpointsOptions {
  readonly of: Consignment
  readonly delivery: Delivery
  readonly tally: Tally
  /** Where it stands by what is kept: brought up to date. */
  readonly state: DeliveryState
  readonly commit: (statements: readonly Statement[]) => Promise<void>
  readonly check: () => void
  readonly signal: AbortSignal
  /** What becomes of refused records, where that is not a dead letter of this transfer: in a replay. */
  readonly refused?: ((letters: readonly NewLetter[]) => readonly Statement[]) | undefined
}

const checkpointEveryMs = 250
const mostLettersAtOnce = 500

/** Keeps where a delivery stands, many batches at once. */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  #last = performance.now()
  #isOpen = false
  /** What is committed with the next one as well. */
  also: () => readonly Statement[] = () => []

  constructor(options: CheckpointsOptions) {
    this.#options = options
  }

  /** A delivery that cannot go on where it was begins anew, and its counts with it. */
  async begin(): Promise<void> {
    const { delivery, tally, state } = this.#options
    if (!delivery.resumable) {
      const at = { segment: 0, offset: 0 }
      tally.reached = { at, records: 0, delivered: 0, refused: 0, skipped: 0, state: null }
      return
    }
    if (delivery.state === undefined || state.state !== null) return
    tally.reached.state = delivery.state
    this.#isOpen = true
    await this.save()
  }

  /** The tally has grown. */
  async grown(): Promise<void> {
    this.#isOpen = true
    const { delivery, tally } = this.#options
    const isDue =
      performance.now() - this.#last >= checkpointEveryMs || tally.letters.length >= mostLettersAtOnce
    if (isDue && delivery.resumable) await this.save()
  }

  async save(): Promise<void> {
    const { delivery, tally, state, signal, commit, check } = this.#options
    if (!this.#isOpen || !delivery.resumable) return
    const { reached } = tally
    check()
    await delivery.flush?.(signal)
    await commit(this.#statements())
    tally.kept()
    this.#isOpen = false
    this.#last = performance.now()
    Object.assign(state, reached)
  }

  async end(): Promise<void> {
    const { of, commit, state, tally } = this.#options
    const done = changeTarget(of.transfer, of.index, { status: 'completed', trouble: undefined })
    await commit([...this.#statements(), done])
    Object.assign(state, tally.reached)
  }

  #statements(): readonly Statement[] {
    const { of, tally, refused = insertLetters } = this.#options
    const change = changeTarget(of.transfer, of.index, { ...tally.reached, trouble: undefined })
    return [change, ...refused(tally.letters), ...this.also()]
  }
}
