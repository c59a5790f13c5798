import { randomUUID } from 'node:crypto'
import { commitIf, type CommitOptions, type Database, type Statement } from '../../database/index.ts'
import { hasCode, SluseError } from '../../errors.ts'
import type { Problem } from '../../workflow/index.ts'
import type { Hold } from '../hold.ts'
import { changeHeld, closeJob, openJob, takeJob, type JobName, type JobPlace } from './job-rows.ts'

export interface HoldsOptions {
  readonly database: Database
  readonly now: () => number
  /** The name of this process. */
  readonly process: string
  /** How long one that has died holds up the others, in milliseconds. Clocks of the machines may differ by much less. */
  readonly heldFor: number
}

/** For how many times `heldFor` a transfer goes on that nobody leads. */
const leaderless = 3
/** How often in the time of `heldFor` a sign of life is given. */
const beats = 4

/** The jobs that this process has. */
export class Holds {
  readonly #options: HoldsOptions
  readonly #all = new Set<HeldJob>()
  readonly #timer: NodeJS.Timeout

  constructor(options: HoldsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#beat(), options.heldFor / beats)
    this.#timer.unref()
  }

  /** `undefined` where another has it, or it is not to be done now. */
  async take(place: JobPlace): Promise<HeldJob | undefined> {
    const { database, now, process, heldFor } = this.#options
    const holder = randomUUID()
    const at = now()
    const until = at + heldFor
    const take = takeJob(place, { holder, process, until }, at, at - leaderless * heldFor)
    const taken = await commitIf(database, place.job === 'lead' ? [openJob(place), take] : [take])
    if (!taken) return undefined
    const held = new HeldJob(place, holder, until, this.#options, () => this.#all.delete(held))
    this.#all.add(held)
    return held
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #beat(): void {
    for (const held of this.#all) void held.beat()
  }
}

/** A job that this process has, as long as it can say so in time. */
export class HeldJob implements Hold {
  readonly transfer: string
  readonly job: JobName
  readonly holder: string
  /** When it was taken, by `performance.now()`. */
  readonly takenAt = performance.now()
  readonly #options: HoldsOptions
  readonly #gone: () => void
  readonly #stopping = new AbortController()
  #until: number
  #lost = false

  constructor(
    { transfer, job }: JobPlace,
    holder: string,
    until: number,
    options: HoldsOptions,
    gone: () => void,
  ) {
    this.transfer = transfer
    this.job = job
    this.holder = holder
    this.#until = until
    this.#options = options
    this.#gone = gone
  }

  /** Aborts when it is lost, or is to be given back. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  get lost(): boolean {
    return this.#lost
  }

  /** Each commit is a sign of life as well. */
  commit(statements: readonly Statement[]): Promise<void> {
    return this.#commit(statements)
  }

  async #commit(statements: readonly Statement[], options?: CommitOptions): Promise<void> {
    this.check()
    const until = this.#options.now() + this.#options.heldFor
    try {
      const kept = changeHeld(this, this.holder, { until })
      await this.#options.database.commit([kept, ...statements], options)
    } catch (error) {
      if (hasCode(error, 'SLUSE-STORE-CHANGED')) this.lose()
      throw error
    }
    this.#until = Math.max(until, this.#until)
  }

  /** A process that was frozen learns here that its time is over. */
  check(): void {
    if (!this.#lost && this.#options.now() < this.#until) return
    this.lose()
    throw lostError()
  }

  async beat(): Promise<void> {
    const { now, heldFor } = this.#options
    if (now() < this.#until - heldFor * (1 - 0.5 / beats)) return
    await this.#commit([], { quiet: true }).catch(() => {})
  }

  lose(): void {
    this.#lost = true
    this.stop(lostError())
  }

  stop(reason: Error): void {
    this.#stopping.abort(reason)
  }

  /** It is done: nobody is to do it any more. */
  done(): Promise<void> {
    return this.#leave(closeJob(this, this.holder))
  }

  /** All of the transfer is over. */
  over(error: Problem): Promise<void> {
    return this.#leave(changeHeld(this, this.holder, { until: this.#options.now(), error }))
  }

  /** Another may have it at once, or from `due` on. */
  release(due = 0): Promise<void> {
    return this.#leave(changeHeld(this, this.holder, { until: this.#options.now(), due }))
  }

  async #leave(statement: Statement): Promise<void> {
    this.#gone()
    if (this.#lost) return
    this.#lost = true
    // Else it is another's, or comes free by itself.
    await commitIf(this.#options.database, [statement])
  }
}

function lostError(): SluseError {
  return new SluseError('SLUSE-STORE-CHANGED', 'Another process may have this job of a transfer by now.')
}
