import type { Database } from '../../database/index.ts'
import type { Means } from '../carry-out.ts'
import type { Board, View } from './board.ts'
import type { HeldPart, Holds } from './holds.ts'
import type { JobPlace, JobRow } from './job-rows.ts'
import { readInput, type PartRow } from './part-rows.ts'

/** How the parts of one job are done, in a process that does not have the job. */
export interface PartWork {
  /**
   * Gives the output; throws where it cannot be done here. Ends soon after `held.signal` aborts. What must not be done by
   * two at a time asks `held.check` before it.
   */
  do(input: string, held: HeldPart): Promise<string>
  close?(): void | Promise<void>
}

export interface HelperOptions {
  readonly database: Database
  readonly holds: Holds
  readonly board: Board
  /** The id of this process. */
  readonly process: string
  /** Most parts that it does at a time. */
  readonly most: number
  readonly work: (job: JobPlace) => Promise<PartWork>
  readonly log: Means['log']
  readonly now: () => number
}

/** Of what one part gave, as text: what is more is for the job's holder to do. */
const mostOutput = 16 * 1024 * 1024
/** For so long a job is left alone of which a part could not be done here: the next one could hardly be. */
const pauseMs = 5000

interface Doing {
  readonly held: HeldPart
  readonly done: Promise<void>
}

/** What parts of one job are done with, until the job is another's or has ended. */
interface Opened {
  readonly work: Promise<PartWork>
  users: number
}

/** Does parts of jobs that other processes have. */
export class Helper {
  readonly #options: HelperOptions
  readonly #doing = new Map<string, Doing>()
  /** By the holders of the jobs. */
  readonly #opened = new Map<string, Opened>()
  readonly #closing = new Set<Promise<void>>()
  /** Until when jobs are left alone, by their holders. */
  readonly #paused = new Map<string, number>()
  #closed = false

  constructor(options: HelperOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.board.onLook((view) => this.#look(view))
  }

  /** Gives back what it has. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { held } of this.#doing.values()) held.stop(new Error('The server is stopping.'))
    await Promise.all([...this.#doing.values()].map(({ done }) => done))
    this.#tidy([])
    await Promise.all(this.#closing)
  }

  async #look(view: View): Promise<void> {
    this.#giveUp(view)
    if (this.#closed) return
    await this.#take(view)
    this.#tidy(view.jobs)
  }

  /** Those that nobody waits for any more. */
  #giveUp({ parts, asOf }: View): void {
    if (!parts) return
    const holders = new Set(parts.map(({ holder }) => holder))
    for (const { held } of this.#doing.values()) {
      if (held.takenAt < asOf && !holders.has(held.holder)) held.lose()
    }
  }

  async #take(view: View): Promise<void> {
    const { holds, most, board } = this.#options
    const { open, share } = this.#open(view)
    for (const [row, job] of open) {
      if (this.#closed || this.#doing.size >= Math.min(most, share)) return
      const key = keyOf(row)
      const held = this.#doing.has(key) ? undefined : await holds.takePart(row)
      if (!held) continue
      // It was taken while this process ended.
      if (this.#closed) return held.release()
      const done = this.#do(held, job).finally(() => {
        this.#doing.delete(key)
        board.poke()
      })
      this.#doing.set(key, { held, done })
    }
  }

  /**
   * The parts that nobody has, each with the row of its job, and how many are to be here at most, so that all helpers have
   * the same. All look at the same time: each begins with others of them, so that few want the same.
   */
  #open({ parts = [], jobs, processes }: View): {
    open: readonly (readonly [PartRow, JobRow])[]
    share: number
  } {
    const { process, holds, now } = this.#options
    const at = now()
    const left = parts.flatMap((row) => {
      const job = jobs.find((each) => each.transfer === row.transfer && each.job === row.job)
      // Where the job's holder has died, whoever takes the job begins anew.
      return job && job.until > at && row.state === 'open' ? [[row, job] as const] : []
    })
    const isOurs = ({ holder }: JobRow) => holds.has(holder)
    const helpers = processes.filter(({ id, name }) =>
      left.some(([, job]) => (id === process ? !isOurs(job) : isOurs(job) || job.process !== name)),
    )
    const place = helpers.findIndex(({ id }) => id === process)
    const isPaused = ({ holder }: JobRow) => (this.#paused.get(holder) ?? 0) > at
    const open = left.filter(([row, job]) => row.until <= at && !isOurs(job) && !isPaused(job))
    const isFirst = (index: number) => Number(index % helpers.length !== place)
    return {
      open: open
        .map((each, index) => ({ each, index }))
        .sort((one, other) => isFirst(one.index) - isFirst(other.index) || one.index - other.index)
        .map(({ each }) => each),
      share: Math.ceil(left.length / Math.max(1, helpers.length)),
    }
  }

  async #do(held: HeldPart, job: JobRow): Promise<void> {
    const { database, log, now } = this.#options
    const opened = this.#enter(job)
    try {
      const input = await readInput(database, held.place, held.holder)
      if (input === undefined) return
      const output = await (await opened.work).do(input, held)
      await (output === '' || output.length > mostOutput ? held.decline() : held.give(output))
    } catch (error) {
      if (held.signal.aborted) return
      const { transfer, job: name, number } = held.place
      log('warn', 'A part of a transfer cannot be done here; it is left to the process that has the job.', {
        ...{ transfer, job: name, number },
        why: String(error),
      })
      this.#paused.set(job.holder, now() + pauseMs)
      await held.decline().catch(() => {})
    } finally {
      opened.users -= 1
      // Where that cannot be written it comes free by itself.
      await held.release().catch(() => {})
    }
  }

  #enter(job: JobRow): Opened {
    let opened = this.#opened.get(job.holder)
    if (!opened) {
      opened = { work: this.#options.work(job), users: 0 }
      // Another part may find it otherwise.
      opened.work.catch(() => this.#opened.delete(job.holder))
      this.#opened.set(job.holder, opened)
    }
    opened.users += 1
    return opened
  }

  /**
   * Lets go of what is for jobs that their holders do not have any more. Nobody waits for a connection that closes slowly: the
   * jobs of others would wait, too.
   */
  #tidy(jobs: readonly JobRow[]): void {
    const at = this.#options.now()
    // Who has given a job back, as until its target is asked again, is still named in its row.
    const holders = new Set(jobs.filter(({ until }) => until > at).map(({ holder }) => holder))
    for (const holder of this.#paused.keys()) if (!holders.has(holder)) this.#paused.delete(holder)
    for (const [holder, { work, users }] of this.#opened) {
      if (holders.has(holder) || users > 0) continue
      this.#opened.delete(holder)
      const closed = work
        .then((each) => each.close?.())
        .catch(() => {})
        .finally(() => this.#closing.delete(closed))
      this.#closing.add(closed)
    }
  }
}

function keyOf({ transfer, job, number }: PartRow): string {
  return `${transfer} ${job} ${number}`
}
