import type { Cluster } from './cluster.ts'
import { Lease } from './lease.ts'

/** What keeps files and cursors of its own: two attempts at a time would be in one another's way. */
const kinds: ReadonlySet<string> = new Set(['transfer'])

/**
 * The only attempt at an effect. After a worker was silent for a while Temporal begins another attempt, and the first may
 * be alive all the same: the later one waits until the first has not held its lease for a while.
 */
export class Alone {
  readonly #lease: Lease | undefined
  readonly #lost = new AbortController()

  /** Fails so that it is tried again where another attempt is under way. */
  static async enter(core: Cluster, kind: string, effect: string): Promise<Alone> {
    if (!kinds.has(kind)) return new Alone(undefined)
    const lease = new Lease(core.database, `effect ${effect}`)
    if (await lease.take()) return new Alone(lease)
    const message = 'Another attempt is still under way.'
    throw core.libraries.common.ApplicationFailure.create({
      message,
      type: 'not-alone',
      nextRetryDelay: 2000,
    })
  }

  constructor(lease: Lease | undefined) {
    this.#lease = lease
  }

  /** Aborts when it is not the only one any more, or cannot know. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  keep(): void {
    this.#lease?.take().then(
      (kept) => kept || this.#lost.abort(),
      () => this.#lost.abort(),
    )
  }

  async leave(): Promise<void> {
    // Where it cannot be given back it ends by itself.
    await this.#lease?.release().catch(() => {})
  }
}
