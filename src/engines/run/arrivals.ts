import type { SqlValue, Statement } from '../../database/index.ts'
import type { LiveRun } from './live-run.ts'
import type { Outstanding } from './outstanding.ts'
import type { Pending, Result } from './pending.ts'
import type { RunWriter } from './run-writer.ts'
import * as sql from './statements.ts'

/** A result that waits for the run's turn. */
export interface Arrival {
  readonly pending: Pending
  readonly result: Result
  /** Inbox number of the event that it consumes. */
  readonly event?: number
  /** Not to be stored. */
  readonly secret?: boolean
  /** Gives a row of the inbox to write in the same transaction. */
  readonly emits?: () => SqlValue[]
  readonly statement?: Statement
  /** Called once it is durable. */
  readonly durable?: () => void
}

export interface ArrivalsParts {
  readonly run: LiveRun
  readonly writer: RunWriter
  readonly outstanding: Outstanding
  readonly give: (pending: Pending, result: Result) => void
}

/** What has arrived for a run, until it is given to it; each is in its journal then. */
export class Arrivals {
  /** In the order in which they are to be given. */
  readonly waiting: Arrival[] = []
  readonly #parts: ArrivalsParts
  /** Came while the run was suspended, and are in its journal already. */
  readonly #recorded: Arrival[] = []

  constructor(parts: ArrivalsParts) {
    this.#parts = parts
  }

  get recorded(): number {
    return this.#recorded.length
  }

  add(arrival: Arrival): void {
    this.waiting.push(arrival)
  }

  /** While suspended: what came is kept, and given when the run is resumed. A secret is fetched again instead. */
  record(arrival: Arrival): void {
    if (arrival.secret) return this.#parts.outstanding.begin(arrival.pending)
    arrival.pending.phase = 'waiting'
    this.#write(arrival, true)
    this.#recorded.push(arrival)
  }

  /** `false` where there is none. */
  giveRecorded(): boolean {
    const { run, give } = this.#parts
    const arrival = this.#recorded.shift()
    if (arrival && run.awaits(arrival.pending)) give(arrival.pending, arrival.result)
    return arrival !== undefined
  }

  /** `false` where there is none. */
  giveNext(): boolean {
    const arrival = this.waiting.shift()
    if (arrival && this.#parts.run.awaits(arrival.pending)) this.#deliver(arrival)
    return arrival !== undefined
  }

  #deliver(arrival: Arrival): void {
    const { run, writer, give } = this.#parts
    const { event } = arrival
    this.#write(arrival)
    if (event !== undefined) {
      run.consumed.add(event)
      writer.statement(sql.consumed(event))
      writer.durable(run.core.inbox.claim(event))
    }
    give(arrival.pending, arrival.result)
  }

  /** `queued`: it is given to the run only later. */
  #write(arrival: Arrival, queued?: true): void {
    const { run, writer } = this.#parts
    const { pending, result, event, secret, emits, statement, durable } = arrival
    run.now = Math.max(run.now, run.core.clock.now())
    const common = { key: pending.key, at: run.now, ...(queued && { queued }) }
    if ('problem' in result) writer.item({ type: 'fault', ...common, problem: result.problem })
    else if (secret) writer.item({ type: 'secret', key: pending.key, at: run.now })
    else {
      const consumed = event === undefined ? {} : { event }
      writer.item({ type: 'result', ...common, value: result.value, ...consumed })
    }
    if (emits) writer.event(emits())
    if (statement) writer.statement(statement)
    if (durable) writer.durable(durable)
  }
}
