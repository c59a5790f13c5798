import type { SqlValue, Statement } from '../../database/index.ts'
import type { Pending, Result } from './pending.ts'
import type { RunWriter } from './run-writer.ts'

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

/** Hands it to the journal, as of `at`. `queued`: it is given to the run only later. */
export function record(arrival: Arrival, writer: RunWriter, at: number, queued?: true): void {
  const { pending, result, event, secret, emits, statement, durable } = arrival
  const common = { key: pending.key, at, ...(queued && { queued }) }
  if ('problem' in result) writer.item({ type: 'fault', ...common, problem: result.problem })
  else if (secret) writer.item({ type: 'secret', key: pending.key, at })
  else {
    const consumed = event === undefined ? {} : { event }
    writer.item({ type: 'result', ...common, value: result.value, ...consumed })
  }
  if (emits) writer.event(emits())
  if (statement) writer.statement(statement)
  if (durable) writer.durable(durable)
}
