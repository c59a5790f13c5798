import { decodeItems, type FeedItem } from '../../../history/index.ts'
import type { Host } from '../../run/host.ts'
import type { Sealer } from '../../run/seal.ts'
import type { Unit } from '../../run/unit.ts'
import type { Cluster } from '../cluster.ts'
import { commitBatches, isTakenOver } from '../executions.ts'
import type { Place } from '../protocol.ts'

const shortestPause = 100
const longestPause = 5000

/**
 * What a run does that goes ahead, on its way to the records: in order, each batch only while nobody else has taken the
 * run over. Batches of many runs share a transaction.
 */
export class AheadCommits {
  readonly #core: Cluster
  readonly #place: Place
  readonly #sealer: Sealer
  readonly #signal: AbortSignal
  /** Told when it is lost. */
  whenLost = () => {}
  #waiting: Unit[] = []
  #writing: Promise<void> | undefined
  /** Somebody else has the run: what is here is not written, and nothing will be. */
  lost = false
  /** Number of the last batch that is written. */
  batch = 0
  /** What is written, as it was sent, and how many characters that is. */
  readonly rows: string[] = []
  size = 0

  /** `signal` ends the patience with a database that is away. */
  constructor(core: Cluster, place: Place, sealer: Sealer, signal: AbortSignal) {
    this.#core = core
    this.#place = place
    this.#sealer = sealer
    this.#signal = signal
  }

  readonly add: Host['commits']['add'] = (unit) => {
    this.#waiting.push(unit)
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  /** Resolves when nothing is on its way, or nothing will be written any more. */
  async drained(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** What is written, a row each. */
  get written(): FeedItem[][] {
    return this.rows.map((data) => decodeItems(this.#sealer.read(data)))
  }

  async #write(): Promise<void> {
    // What a run does in one turn is written at once.
    await Promise.resolve()
    while (this.#waiting.length > 0 && !this.lost) {
      const units = this.#waiting.splice(0)
      if (!(await this.#written(units))) return
      this.batch++
      for (const { feed } of units) {
        if (!feed) continue
        this.rows.push(feed.data)
        this.size += feed.data.length
      }
      for (const unit of units) unit.durable?.()
    }
  }

  /** However long it takes, as long as this process lives and has the run. */
  async #written(units: readonly Unit[]): Promise<boolean> {
    for (let pause = shortestPause; !this.#signal.aborted; pause = Math.min(pause * 2, longestPause)) {
      try {
        const batch = { number: this.batch + 1, units }
        if ((await commitBatches(this.#core, this.#place, [batch])) === 'written') return true
        // The run has ended: whoever took it over has written that.
        break
      } catch (error) {
        if (isTakenOver(error)) break
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
    this.lost = true
    this.whenLost()
    return false
  }
}
