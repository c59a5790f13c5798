import type { FunctionContext } from '../../functions/index.ts'
import { fault } from '../../workflow/index.ts'
import { beginOf, type Means } from '../carry-out.ts'
import { attempt, longestWaitMs, type Ended, type Job } from '../jobs.ts'
import type { PartsOptions } from '../parts.ts'
import type { TransferRow } from '../store/rows.ts'
import { isPassing, problemOfError } from '../trouble.ts'
import { Work } from '../work.ts'
import type { Board, View } from './board.ts'
import type { HeldJob, Holds } from './holds.ts'
import { targetOf, type JobRow } from './job-rows.ts'
import { SharedParts } from './parts.ts'
import type { Stages } from './stages.ts'

export interface TakerOptions {
  readonly means: Means
  readonly holds: Holds
  readonly board: Board
  readonly stages: Stages
  /** The id of this process. */
  readonly process: string
  /** Most that it reads at a time, and most that it delivers. */
  readonly most: number
  /** How long a job is left to a process that has fewer of them, for each that it has fewer, in milliseconds. */
  readonly courtesyMs: number
  /** About how long it should take to do a part of a job, in milliseconds. */
  readonly partMs: number
  /** Batches that are done more quickly here are not offered, in milliseconds. */
  readonly worthMs: number
  readonly context: (row: TransferRow) => Promise<Omit<FunctionContext, 'signal'>>
  /** Told when this process has no job of a transfer any more. */
  readonly left: (transfer: string) => void
}

interface Doing {
  readonly held: HeldJob
  readonly done: Promise<void>
  job: Job | undefined
  /** Nobody is to begin it again before. */
  due: number
}

/** What cannot be done because rows cannot be read or written is tried again so much later. */
const againMs = 1000
/** What is due before the board looks by itself is not left till then. */
const soonMs = 1000

/**
 * Takes jobs that nobody has, and does them. Reading and delivering are bounded each by itself: who delivers may wait
 * for who reads, so that must never wait for a place.
 */
export class Taker {
  readonly #options: TakerOptions
  readonly #doing = new Map<string, Doing>()
  /** When jobs were first seen that nobody has. */
  readonly #seen = new Map<string, number>()
  #closed = false

  constructor(options: TakerOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.board.onLook((view) => this.#look(view))
  }

  /** Gives back what it has, each where it stands. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#stop([...this.#doing.values()], new Error('The server is stopping.'))
  }

  /** Lets go of all jobs of a transfer; resolves when nothing of it is under way here. */
  stop(transfer: string): Promise<void> {
    const ours = [...this.#doing.values()].filter(({ held }) => held.transfer === transfer)
    return this.#stop(ours, new Error('The transfer is put off.'))
  }

  async #stop(doing: readonly Doing[], reason: Error): Promise<void> {
    for (const { held } of doing) held.stop(reason)
    await Promise.all(doing.map(({ done }) => done))
  }

  async #look(view: View): Promise<void> {
    this.#giveUp(view)
    if (!this.#closed) await this.#take(view)
  }

  /** Those that are another's by now, or have nothing to do for long. */
  #giveUp({ jobs, asOf }: View): void {
    const holders = new Set(jobs.map(({ holder }) => holder))
    const now = this.#options.means.now()
    for (const doing of this.#doing.values()) {
      const { held, job } = doing
      if (held.takenAt < asOf && !holders.has(held.holder)) held.lose()
      if (!job?.isIdle?.()) continue
      const read = jobs.find((each) => each.transfer === held.transfer && each.job === 'read')
      if (!read || read.until > now || read.due - now <= longestWaitMs) continue
      doing.due = read.due
      held.stop(new Error('What it waits for is put off.'))
    }
  }

  async #take(view: View): Promise<void> {
    const now = this.#options.means.now()
    const left = view.jobs.filter(({ job, until, error }) => job !== 'lead' && until <= now && !error)
    const open = left.filter(({ due }) => due <= now)
    const next = Math.min(...left.map(({ due }) => due).filter((due) => due > now))
    if (next < now + soonMs) this.#options.board.poke(next - now)
    this.#note(open)
    // Who reads is waited for by all others; else who has waited longest comes first.
    const inOrder = [...open].sort(
      (one, other) =>
        Number(other.job === 'read') - Number(one.job === 'read') || this.#since(one) - this.#since(other),
    )
    for (const row of inOrder) {
      if (this.#closed) return
      if (this.#doing.has(keyOf(row)) || this.#count(row.job === 'read') >= this.#options.most) continue
      const wait = this.#courtesy(row, view)
      if (wait > 0) {
        this.#options.board.poke(wait)
        continue
      }
      const held = await this.#options.holds.take(row)
      if (!held) continue
      // It was taken while this process ended.
      if (this.#closed) return held.release()
      this.#begin(held)
    }
  }

  #note(open: readonly JobRow[]): void {
    const keys = new Set(open.map(keyOf))
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#seen.delete(key)
    for (const key of keys) if (!this.#seen.has(key)) this.#seen.set(key, performance.now())
  }

  /** Since when it has been seen that nobody has it, by `performance.now()`. */
  #since(row: JobRow): number {
    return this.#seen.get(keyOf(row)) ?? performance.now()
  }

  #count(reading: boolean): number {
    return [...this.#doing.values()].filter(({ held }) => (held.job === 'read') === reading).length
  }

  /** How long a job is to be left to others yet: they have heard of it as well, and have less to do. */
  #courtesy(row: JobRow, { jobs, processes }: View): number {
    const { process, holds, courtesyMs, means } = this.#options
    const now = means.now()
    const others = processes.filter(({ id }) => id !== process)
    const theirs = jobs.filter(({ holder }) => !holds.has(holder))
    const has = (name: string) => theirs.filter((each) => isOf(each, name, now)).length
    const fewest = Math.min(...others.map(({ name }) => has(name)))
    if (others.length === 0 || this.#doing.size <= fewest) return 0
    return Math.ceil(this.#since(row) + courtesyMs * (this.#doing.size - fewest) - performance.now())
  }

  #begin(held: HeldJob): void {
    const key = keyOf(held)
    const doing: Doing = { held, job: undefined, due: 0, done: Promise.resolve() }
    const done = this.#do(held, doing)
      .catch((error: unknown) => {
        const why = String(error)
        this.#options.means.log('warn', 'A job of a transfer is left to another attempt.', {
          ...placeOf(held),
          why,
        })
        // Where that cannot be written it comes free by itself.
        return held.release(this.#options.means.now() + againMs).catch(() => {})
      })
      .finally(() => {
        this.#doing.delete(key)
        const { board, left } = this.#options
        if (![...this.#doing.values()].some((each) => each.held.transfer === held.transfer))
          left(held.transfer)
        board.poke()
      })
    this.#doing.set(key, Object.assign(doing, { done }))
  }

  async #do(held: HeldJob, doing: Doing): Promise<void> {
    const ended = await this.#attempt(held, doing)
    switch (ended.kind) {
      case 'done':
      case 'failed':
        return held.done()
      case 'later':
        return held.release(ended.due)
      case 'over':
        return held.over(ended.problem)
      case 'stopped':
        return held.release(doing.due)
    }
  }

  async #attempt(held: HeldJob, doing: Doing): Promise<Ended> {
    const { means, stages, context, board, partMs, worthMs } = this.#options
    // Only now that it is ours do the rows stay as they are.
    const { row, dataset } = await beginOf(held.transfer, means)
    const targets = await means.store.targets(row.id)
    let staged
    try {
      staged = await stages.enter(dataset)
    } catch (error) {
      if (isPassing(error)) throw error
      return { kind: 'over', problem: problemOfError(error) }
    }
    try {
      const { database } = means.store
      const sharing = {
        open: (options: PartsOptions) => new SharedParts({ database, board, held, ...options }),
        others: () => board.others,
        ...{ partMs, worthMs },
      }
      const underway = { row, dataset, targets, staged, context: () => context(row), sharing }
      doing.job = jobOf(new Work(underway, means, held), held)
      if (!doing.job) return { kind: 'done' }
      const { now, random } = means
      return await attempt(doing.job, { giveUpAfter: row.plan.giveUpAfter, now, random, signal: held.signal })
    } finally {
      stages.leave(dataset)
    }
  }
}

function jobOf(work: Work, { job }: HeldJob): Job | undefined {
  if (job === 'read') return work.reading()
  const target = targetOf(job)
  if (target === undefined) throw fault('runtime', `There is no job ${job}.`)
  return work.delivery(target)
}

function isOf({ process, until, job }: JobRow, name: string, now: number): boolean {
  return process === name && until > now && job !== 'lead'
}

function keyOf({ transfer, job }: { transfer: string; job: string }): string {
  return `${transfer} ${job}`
}

function placeOf({ transfer, job }: HeldJob): { transfer: string; job: string } {
  return { transfer, job }
}
