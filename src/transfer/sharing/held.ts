import { commitIf, type CommitOptions, type Database, type Statement } from '../../database/index.ts'
import { hasCode, SluseError } from '../../errors.ts'
import type { Hold } from '../hold.ts'

export interface HeldOptions {
  readonly database: Database
  readonly now: () => number
  /** How long one that has died holds up the others, in milliseconds. Clocks of the machines may differ by much less. */
  readonly heldFor: number
}

/** How often in the time of `heldFor` a sign of life is given. */
export const beats = 4

/** Who has taken something, and until when. */
export interface Taken {
  readonly holder: string
  readonly until: number
}

/** Something that this process has, as long as it can say so in time. */
export abstract class Held<Place = unknown> implements Hold {
  readonly place: Place
  readonly holder: string
  /** When it was taken, by `performance.now()`. */
  readonly takenAt = performance.now()
  readonly #options: HeldOptions
  readonly #gone: () => void
  readonly #stopping = new AbortController()
  #until: number
  #lost = false

  constructor(place: Place, { holder, until }: Taken, options: HeldOptions, gone: () => void) {
    this.place = place
    this.holder = holder
    this.#until = until
    this.#options = options
    this.#gone = gone
  }

  /** Says that it is this process's until then; the transaction fails where it is another's. */
  protected abstract kept(until: number): Statement

  /** Aborts when it is lost, or is to be given back. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  get lost(): boolean {
    return this.#lost
  }

  now(): number {
    return this.#options.now()
  }

  /** Each commit is a sign of life as well. */
  commit(statements: readonly Statement[]): Promise<void> {
    return this.#commit(statements)
  }

  async #commit(statements: readonly Statement[], options?: CommitOptions): Promise<void> {
    this.check()
    const until = this.now() + this.#options.heldFor
    try {
      await this.#options.database.commit([this.kept(until), ...statements], options)
    } catch (error) {
      if (hasCode(error, 'SLUSE-STORE-CHANGED')) this.lose()
      throw error
    }
    this.#until = Math.max(until, this.#until)
  }

  /** A process that was frozen learns here that its time is over. */
  check(): void {
    if (!this.#lost && this.now() < this.#until) return
    this.lose()
    throw lostError()
  }

  async beat(): Promise<void> {
    const { heldFor } = this.#options
    if (this.now() < this.#until - heldFor * (1 - 0.5 / beats)) return
    await this.#commit([], { quiet: true }).catch(() => {})
  }

  lose(): void {
    this.#lost = true
    this.stop(lostError())
  }

  stop(reason: Error): void {
    this.#stopping.abort(reason)
  }

  /** Where it is lost nothing is written. */
  protected async leave(statements: readonly Statement[]): Promise<void> {
    this.#gone()
    if (this.#lost) return
    this.#lost = true
    // Else it is another's, or comes free by itself.
    await commitIf(this.#options.database, statements)
  }
}

export function lostError(): SluseError {
  return new SluseError('SLUSE-STORE-CHANGED', 'Another process may have this job of a transfer by now.')
}
