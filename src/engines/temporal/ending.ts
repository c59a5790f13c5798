import { setMaxListeners } from 'node:events'

/** The database may be away, for which whoever writes waits. */
const longAfter = 10_000

/** How the engine of this process ends: first what is under way may, then it is given up, and is for other workers. */
export class Ending {
  /** Resolves long after all was given up: whatever still holds out is left behind. */
  readonly late: Promise<void>
  readonly #controller = new AbortController()
  #begun = false
  #timer: NodeJS.Timeout | undefined
  #isLate = () => {}

  constructor() {
    // Every activity that is under way listens.
    setMaxListeners(0, this.#controller.signal)
    this.late = new Promise((resolve) => (this.#isLate = resolve))
  }

  /** Nothing is to be begun that need not be. */
  get begun(): boolean {
    return this.#begun
  }

  /** Aborts when what is still under way is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** `graceMs`: how long what is under way may take. */
  begin(graceMs: number): void {
    this.#begun = true
    if (graceMs > 0) this.#timer = setTimeout(() => this.#giveUp(), graceMs)
    else this.#giveUp()
  }

  over(): void {
    clearTimeout(this.#timer)
  }

  #giveUp(): void {
    this.#controller.abort()
    this.#timer = setTimeout(this.#isLate, longAfter)
  }
}
