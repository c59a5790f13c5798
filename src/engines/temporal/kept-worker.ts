import type { Log } from '../run/host.ts'
import type { RunWorker } from './worker.ts'

type Worker = Pick<RunWorker, 'state' | 'ended' | 'runsInMemory' | 'close'>

export interface KeptWorkerOptions {
  readonly open: () => Promise<Worker>
  readonly log: Log
  /** Whether Temporal is there; until it is, nothing is tried. Default: it is. */
  readonly there?: () => boolean
  /** Milliseconds before one is opened; longer each time that this fails, up to half a minute. */
  readonly pause?: number
}

const longestPause = 30_000

/**
 * The worker of this process, until it is closed. The first one may have to wait for Temporal. Temporal's library gives a
 * worker up where its server refuses it for good, as when a certificate has run out or a namespace is gone: once that is
 * mended, another one takes its place.
 */
export class KeptWorker {
  readonly #options: KeptWorkerOptions
  #worker: Worker | undefined
  #closed = false
  #opening: Promise<void> = Promise.resolve()
  #wake = () => {}

  /** Rejects where the first cannot be opened, unless Temporal is not there: then it is opened once that is. */
  static async open(options: KeptWorkerOptions): Promise<KeptWorker> {
    const { there = () => true } = options
    const kept = new KeptWorker(options)
    try {
      if (there()) kept.#keep(await options.open())
    } catch (error) {
      // It may have gone meanwhile.
      if (there()) throw error
    }
    if (!kept.#worker) kept.#opening = kept.#openLater('Runs are carried out in this process from here on.')
    return kept
  }

  constructor(options: KeptWorkerOptions) {
    this.#options = options
  }

  /** While it waits for Temporal, it has failed. */
  get state(): Worker['state'] {
    return this.#worker?.state ?? 'failed'
  }

  /** Runs between whose steps nothing need be replayed here. */
  get runsInMemory(): number {
    return this.#worker?.runsInMemory ?? 0
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#opening
    await this.#worker?.close()
  }

  #keep(worker: Worker): void {
    this.#worker = worker
    void worker.ended.then(() => {
      if (worker.state === 'failed' && !this.#closed) this.#opening = this.#reopen(worker)
    })
  }

  async #reopen(failed: Worker): Promise<void> {
    await failed.close().catch(() => {})
    return this.#openLater('Another worker has taken its place: runs are carried out in this process again.')
  }

  async #openLater(told: string): Promise<void> {
    const { open, log, there = () => true, pause = 1000 } = this.#options
    for (let wait = pause; !this.#closed;) {
      await this.#pause(wait)
      if (this.#closed) return
      if (!there()) {
        wait = pause
        continue
      }
      try {
        this.#keep(await open())
        return log('info', told)
      } catch (error) {
        log('warn', 'The worker cannot be opened yet; trying again.', { error: String(error) })
        wait = Math.min(wait * 2, longestPause)
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
