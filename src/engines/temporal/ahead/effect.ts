import type { ActivityRequest } from '../../engine.ts'
import type { Performed } from '../protocol.ts'
import type { Unfinished } from './unfinished.ts'

/**
 * An effect that a run asks for in this process, where that may be let go of before it has ended: its signal is its own, and
 * it is told by whoever has its result then that it is recorded.
 */
export class Effect implements Unfinished {
  readonly key: string
  readonly performed: Promise<Performed>
  readonly #request: ActivityRequest
  readonly #own = new AbortController()
  /** Callbacks of the effect, for once its result is recorded. */
  readonly #whenRecorded: (() => void)[] = []
  #isElsewheres = false

  constructor(request: ActivityRequest, perform: (own: ActivityRequest) => Promise<Performed>) {
    const { signal } = request
    this.key = request.key
    this.#request = request
    const unwanted = () => {
      if (!this.#isElsewheres) this.abort(signal.reason)
    }
    signal.addEventListener('abort', unwanted)
    const whenRecorded = (then: () => void) => {
      if (this.#isElsewheres) return then()
      let told = false
      const once = () => {
        if (!told) then()
        told = true
      }
      this.#whenRecorded.push(once)
      request.whenRecorded?.(once)
    }
    this.performed = perform({ ...request, signal: this.#own.signal, whenRecorded }).finally(() =>
      signal.removeEventListener('abort', unwanted),
    )
  }

  /** Whether the run does not ask for it any more. */
  get unwanted(): boolean {
    return this.#request.signal.aborted
  }

  /**
   * Its result is recorded by somebody who cannot tell it so: it is told at once, as every effect is that is an activity
   * by itself.
   */
  isElsewheres(): void {
    this.#isElsewheres = true
    for (const then of this.#whenRecorded.splice(0)) then()
  }

  abort(reason: unknown): void {
    this.#own.abort(reason)
  }
}
