import { randomUUID } from 'node:crypto'
import { commitIf, type Statement } from '../../database/index.ts'
import type { Problem } from '../../workflow/index.ts'
import { beats, Held, type HeldOptions, type Taken } from './held.ts'
import { changeHeld, closeJob, openJob, takeJob, type JobName, type JobPlace } from './job-rows.ts'
import { changePart, closeParts, takePart, type PartPlace } from './part-rows.ts'

export interface HoldsOptions extends HeldOptions {
  /** The name of this process. */
  readonly process: string
}

/** For how many times `heldFor` a transfer goes on that nobody leads. */
const leaderless = 3

/** The jobs, and the parts of jobs, that this process has. */
export class Holds {
  readonly #options: HoldsOptions
  readonly #all = new Set<Held>()
  readonly #timer: NodeJS.Timeout

  constructor(options: HoldsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#beat(), options.heldFor / beats)
    this.#timer.unref()
  }

  /** `undefined` where another has it, or it is not to be done now. Nothing is left of the parts of whoever had it. */
  async take(place: JobPlace): Promise<HeldJob | undefined> {
    const { database, now, heldFor } = this.#options
    const by = this.#new()
    const at = now()
    const take = takeJob(place, by, at, at - leaderless * heldFor)
    const all = place.job === 'lead' ? [openJob(place), take] : [take, closeParts(place)]
    if (!(await commitIf(database, all))) return undefined
    const held: HeldJob = new HeldJob(place, by, this.#options, () => this.#all.delete(held))
    this.#all.add(held)
    return held
  }

  /** `undefined` where another has it, or it is done. */
  async takePart(place: PartPlace): Promise<HeldPart | undefined> {
    const { database, now } = this.#options
    const by = this.#new()
    // Others wait for it to be done, not for this.
    if (!(await commitIf(database, [takePart(place, by, now())], { quiet: true }))) return undefined
    const held: HeldPart = new HeldPart(place, by, this.#options, () => this.#all.delete(held))
    this.#all.add(held)
    return held
  }

  /** Whether this process has it: names of processes may be the same on two machines. */
  has(holder: string): boolean {
    return [...this.#all].some((held) => held.holder === holder)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #new(): Taken & { process: string } {
    const { now, process, heldFor } = this.#options
    return { holder: randomUUID(), process, until: now() + heldFor }
  }

  #beat(): void {
    for (const held of this.#all) void held.beat()
  }
}

/** A job that this process has. With the job go the parts of it. */
export class HeldJob extends Held<JobPlace> {
  #parts = 0

  get transfer(): string {
    return this.place.transfer
  }

  get job(): JobName {
    return this.place.job
  }

  protected override kept(until: number): Statement {
    return changeHeld(this, this.holder, { until })
  }

  /** The number of a new part of it. */
  nextPart(): number {
    return ++this.#parts
  }

  /** It is done: nobody is to do it any more. */
  done(): Promise<void> {
    return this.#leave(closeJob(this, this.holder))
  }

  /** All of the transfer is over. */
  over(error: Problem): Promise<void> {
    return this.#leave(changeHeld(this, this.holder, { until: this.now(), error }))
  }

  /** Another may have it at once, or from `due` on. */
  release(due = 0): Promise<void> {
    return this.#leave(changeHeld(this, this.holder, { until: this.now(), due }))
  }

  #leave(statement: Statement): Promise<void> {
    return this.leave(this.job === 'lead' ? [statement] : [statement, closeParts(this)])
  }
}

/** A part of a job that this process has taken, whoever has the job. */
export class HeldPart extends Held<PartPlace> {
  protected override kept(until: number): Statement {
    return changePart(this.place, this.holder, { until })
  }

  /** It is done. What is not theirs any more is dropped. */
  give(output: string): Promise<void> {
    return this.leave([changePart(this.place, this.holder, { output })])
  }

  /** It cannot be done here: the job's holder is to try. */
  decline(): Promise<void> {
    return this.give('')
  }

  /** Another may have it at once. */
  release(): Promise<void> {
    return this.leave([changePart(this.place, this.holder, { until: 0 })])
  }
}
