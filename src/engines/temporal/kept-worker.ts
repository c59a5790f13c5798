import type { Log } from '../run/host.ts'
import type { RunWorker } from './worker.ts'

type Worker = Pick<RunWorker, 'state' | 'ended' | 'activitiesRunning' | 'runsInMemory' | 'close'>

export interface KeptWorkerOptions {
  readonly open: () => Promise<Worker>
  readonly log: Log
  /** Milliseconds before another one is opened; longer each time that this fails, up to half a minute. */
  readonly pause?: number
}

const longestPause = 30_000

/**
 * The worker of this process, until it is closed. Temporal's library gives a worker up where its server refuses it for
 * good, as when a certificate has run out or a namespace is gone: once that is mended, another one takes its place.
 */
export class KeptWorker {
  readonly #options: KeptWorkerOptions
  #worker: Worker
  #closed = false
  #reopening: Promise<void> = Promise.resolve()
  #wake = () => {}

  /** Rejects where the first cannot be opened. */
  static async open(options: KeptWorkerOptions): Promise<KeptWorker> {
    return new KeptWorker(options, await options.open())
  }

  constructor(options: KeptWorkerOptions, worker: Worker) {
    this.#options = options
    this.#worker = worker
    this.#keep()
  }

  get state(): Worker['state'] {
    return this.#worker.state
  }

  get activitiesRunning(): number {
    return this.#worker.activitiesRunning
  }

  /** Runs between whose steps nothing need be replayed here. */
  get runsInMemory(): number {
    return this.#worker.runsInMemory
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#reopening
    await this.#worker.close()
  }

  #keep(): void {
    void this.#worker.ended.then(() => {
      if (this.#worker.state === 'failed' && !this.#closed) this.#reopening = this.#reopen()
    })
  }

  async #reopen(): Promise<void> {
    const { open, log, pause = 1000 } = this.#options
    await this.#worker.close().catch(() => {})
    for (let wait = pause; !this.#closed; wait = Math.min(wait * 2, longestPause)) {
      await this.#pause(wait)
      if (this.#closed) return
      try {
        this.#worker = await open()
        log('info', 'Another worker has taken its place: runs are carried out in this process again.')
        return this.#keep()
      } catch (error) {
        log('warn', 'No other worker can be opened yet; trying again.', { error: String(error) })
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
