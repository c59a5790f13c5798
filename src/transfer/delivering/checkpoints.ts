import type { Delivery } from '../../connectors/index.ts'
import type { Statement } from '../../database/index.ts'
import { changeTarget, insertLetters } from '../store/store.ts'
import type { Delivering } from './deliver-all.ts'
import type { Tally } from './tally.ts'

export interface CheckpointsOptions {
  /** What must be durable at the target before each; not given: all is. */
  readonly delivery?: Pick<Delivery, 'resumable' | 'flush' | 'state'>
  readonly tally: Tally
  /** What is committed with each as well. */
  readonly also?: () => readonly Statement[]
}

const checkpointEveryMs = 250
const mostLettersAtOnce = 500

/** Keeps where a delivery stands, many batches at once. */
export class Checkpoints {
  readonly #delivering: Delivering
  readonly #delivery: NonNullable<CheckpointsOptions['delivery']>
  readonly #tally: Tally
  readonly #also: () => readonly Statement[]
  #last = performance.now()
  #isOpen = false

  constructor(delivering: Delivering, options: CheckpointsOptions) {
    const { delivery = { resumable: true }, tally, also = () => [] } = options
    this.#delivering = delivering
    this.#delivery = delivery
    this.#tally = tally
    this.#also = also
  }

  /** A delivery that cannot go on where it was begins anew, and its counts with it. */
  async begin(): Promise<void> {
    const { state } = this.#delivering
    if (!this.#delivery.resumable) {
      const at = { segment: 0, offset: 0 }
      this.#tally.reached = { at, records: 0, delivered: 0, refused: 0, skipped: 0, state: null }
      return
    }
    if (this.#delivery.state === undefined || state.state !== null) return
    this.#tally.reached.state = this.#delivery.state
    this.#isOpen = true
    await this.save()
  }

  /** The tally has grown. */
  async grown(): Promise<void> {
    this.#isOpen = true
    const isDue =
      performance.now() - this.#last >= checkpointEveryMs || this.#tally.letters.length >= mostLettersAtOnce
    if (isDue && this.#delivery.resumable) await this.save()
  }

  async save(): Promise<void> {
    const { state, signal, commit, check } = this.#delivering
    if (!this.#isOpen || !this.#delivery.resumable) return
    const { reached } = this.#tally
    check()
    await this.#delivery.flush?.(signal)
    await commit(this.#statements())
    this.#tally.kept()
    this.#isOpen = false
    this.#last = performance.now()
    Object.assign(state, reached)
  }

  async end(): Promise<void> {
    const { transfer, index, commit, state } = this.#delivering
    const done = changeTarget(transfer, index, { status: 'completed', trouble: undefined })
    await commit([...this.#statements(), done])
    Object.assign(state, this.#tally.reached)
  }

  #statements(): readonly Statement[] {
    const { transfer, index, refused = insertLetters } = this.#delivering
    const change = changeTarget(transfer, index, { ...this.#tally.reached, trouble: undefined })
    return [change, ...refused(this.#tally.letters), ...this.#also()]
  }
}
