import { setMaxListeners } from 'node:events'
import type { ProcessSettings } from '../../../processes/index.ts'
import { fault, type Json } from '../../../workflow/index.ts'
import { startLineProcess, type End, type LineProcess } from './line-process.ts'
import type { Batch, BatchAnswer, Program, Ticket } from './program.ts'
import { Queue } from './queue.ts'
import type { Slots } from './slots.ts'

export interface PoolOptions {
  readonly program: Program
  readonly settings: ProcessSettings
  readonly slots: Slots
  /** Milliseconds without work after which its processes end, and `onIdle` is called. */
  readonly idleMs: number
  readonly onIdle: () => void
}

/**
 * The processes of one program, started as records come, up to `program.pool`. Records are sent ahead of the answers,
 * so that neither side waits for the other; so when a process ends, several are under way. These are sent again,
 * alone: a record is blamed only for what it did alone to a process that had answered none before. The first of
 * those under way when time is up is blamed at once, for that is what the process was at.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #processes = new Set<LineProcess>()
  readonly #waiting = new Queue()
  readonly #suspects = new Queue()
  readonly #ending = new Set<Promise<void>>()
  readonly #unhold: () => void
  #starting = 0
  /** Processes in a row that ended before any answer: no fault of the records. */
  #fruitless = 0
  #idle: NodeJS.Timeout | undefined
  #closed = false
  /** Called when there is nothing left to do, of a pool that is to end then. */
  #whenDone: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#unhold = options.slots.hold(() => this.#letGoOfOne())
  }

  /** The answer to each record. Rejects where the program cannot be run, and with the signal's reason. */
  run(records: readonly Json[], signal: AbortSignal): Promise<readonly BatchAnswer[]> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      if (records.length === 0) return resolve([])
      const answers = new Array<BatchAnswer>(records.length)
      let left = records.length
      const onAbort = () => this.#abort(batch, signal.reason)
      const finish = (settle: () => void) => {
        if (batch.over) return
        batch.over = true
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const batch: Batch = {
        over: false,
        settle: (index, answer) => {
          if (batch.over) return
          answers[index] = answer
          if (--left === 0) finish(() => resolve(answers))
        },
        reject: (reason) => finish(() => reject(reason as Error)),
      }
      // As many batches as there may be wait on one run's signal: that is no leak.
      setMaxListeners(0, signal)
      signal.addEventListener('abort', onAbort)
      records.forEach((record, index) => {
        this.#waiting.push({ batch, index, line: JSON.stringify(record), suspect: false })
      })
      this.#pump()
    })
  }

  /** Ends every process. What is under way is rejected. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#unhold()
      clearTimeout(this.#idle)
      this.#whenDone?.()
      this.#rejectAll(fault('runtime', `The function ${this.#options.program.name} is being ended.`))
      for (const process of this.#processes) this.#retire(process)
    }
    await Promise.all(this.#ending)
  }

  /** Ends every process as soon as none of them has anything to do. */
  async endWhenDone(): Promise<void> {
    await new Promise<void>((done) => {
      this.#whenDone = done
      this.#pump()
    })
    await this.close()
  }

  get #work(): boolean {
    return this.#waiting.length + this.#suspects.length > 0
  }

  #pump(): void {
    if (this.#idle) clearTimeout(this.#idle)
    this.#idle = undefined
    const { program } = this.#options
    for (const process of this.#processes) {
      const [first] = process.underWay
      if (first?.suspect) continue
      if (!first && this.#suspects.length > 0) process.send(this.#suspects.shift() as Ticket)
      else this.#fillUp(process)
    }
    const wanted = Math.min(program.pool, this.#processes.size + this.#waiting.length + this.#suspects.length)
    if (!this.#closed && this.#work) while (this.#processes.size + this.#starting < wanted) this.#start()
    if (!this.#work) this.#rest()
  }

  /** Records are shared out evenly: none waits behind another while a process has nothing to do. */
  #fillUp(process: LineProcess): void {
    const { pool, window } = this.#options.program
    const share = Math.min(window, Math.ceil((this.#waiting.length + process.underWay.length) / pool))
    // A few at once rather than each as an answer comes: fewer and larger writes.
    if (process.underWay.length > share / 2) return
    while (process.underWay.length < share) {
      const ticket = this.#waiting.shift()
      if (!ticket) return
      process.send(ticket)
    }
  }

  #start(): void {
    this.#starting += 1
    void this.#startOne()
      .catch((error: unknown) => this.#rejectAll(error))
      .finally(() => {
        this.#starting -= 1
        this.#pump()
      })
  }

  async #startOne(): Promise<void> {
    const { program, settings, slots } = this.#options
    await slots.take()
    if (this.#closed || !this.#work) return slots.give()
    let process: LineProcess
    try {
      process = await startLineProcess(
        program,
        settings,
        (ticket, answer) => {
          this.#fruitless = 0
          ticket.batch.settle(ticket.index, { value: answer })
          if (process.underWay.length === 0 || !ticket.suspect) this.#pump()
        },
        (end) => {
          if (this.#processes.delete(process)) slots.give()
          this.#ended(end)
        },
      )
    } catch (error) {
      slots.give()
      throw error
    }
    this.#processes.add(process)
    if (this.#closed) this.#retire(process)
  }

  #ended({ what, said, left, answered, timeout, exitCode }: End): void {
    const { name, restarts } = this.#options.program
    const message = `The function ${name} ${what}${said === '' ? '.' : `: ${said}`}`
    if (answered > 0) this.#fruitless = 0
    else this.#fruitless += 1
    const tickets = left.filter(({ batch }) => !batch.over)
    const [first] = tickets
    if (first && answered === 0 && (exitCode === 126 || exitCode === 127)) {
      this.#rejectAll(fault('configuration', message), tickets)
    } else if (this.#fruitless >= restarts) {
      const why = `${restarts} processes of it in a row ended without an answer. The last: ${message}`
      this.#fruitless = 0
      this.#rejectAll(fault('runtime', why), tickets)
    } else {
      const blamed = first && (timeout || (left.length === 1 && answered === 0)) ? first : undefined
      blamed?.batch.settle(blamed.index, { failed: message, ...(timeout && { timeout }) })
      const again = tickets.filter((ticket) => ticket !== blamed)
      if (what === aborted) this.#waiting.unshift(again)
      else {
        for (const ticket of again) ticket.suspect = true
        this.#suspects.unshift(again)
      }
    }
    this.#pump()
  }

  #abort(batch: Batch, reason: unknown): void {
    batch.reject(reason)
    this.#suspects.dropOver()
    this.#waiting.dropOver()
    for (const process of this.#processes) {
      if (process.underWay.some((ticket) => ticket.batch === batch)) process.abort(aborted)
    }
    this.#pump()
  }

  #rejectAll(reason: unknown, more: readonly Ticket[] = []): void {
    const tickets = [...this.#waiting.clear(), ...this.#suspects.clear(), ...more]
    for (const process of this.#processes) tickets.push(...process.underWay)
    for (const { batch } of tickets) batch.reject(reason)
  }

  #rest(): void {
    const { slots, idleMs, onIdle } = this.#options
    if (this.#closed || [...this.#processes].some(({ underWay }) => underWay.length > 0)) return
    if (this.#starting === 0) this.#whenDone?.()
    if (slots.scarce) for (const process of this.#processes) this.#retire(process)
    this.#idle = setTimeout(() => {
      onIdle()
      void this.close()
    }, idleMs)
    this.#idle.unref()
  }

  #letGoOfOne(): boolean {
    if (this.#work) return false
    const idle = [...this.#processes].find(({ underWay }) => underWay.length === 0)
    if (idle) this.#retire(idle)
    return idle !== undefined
  }

  #retire(process: LineProcess): void {
    this.#processes.delete(process)
    const { slots } = this.#options
    const ending = process.retire().finally(() => {
      slots.give()
      this.#ending.delete(ending)
    })
    this.#ending.add(ending)
  }
}

const aborted = 'was ended because its caller no longer waits'
