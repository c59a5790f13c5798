import type { Statement } from '../../database/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'

/** How a run's row changes with its state. A cancellation that was ordered stays until the run has ended. */

export function active(run: number): Statement[] {
  return [
    { sql: "UPDATE runs SET status = 'running', active = 1 WHERE number = ?", parameters: [run] },
    forgetWaits(run),
  ]
}

export function parked(run: number): Statement[] {
  return [
    { sql: "UPDATE runs SET status = 'waiting', active = 0 WHERE number = ?", parameters: [run] },
    forgetWaits(run),
  ]
}

export function suspended(run: number): Statement[] {
  return [
    { sql: "UPDATE runs SET status = 'suspended', active = 0 WHERE number = ?", parameters: [run] },
    forgetWaits(run),
  ]
}

export function ended(
  run: number,
  status: Outcome['status'],
  at: number,
  error: Json | undefined,
): Statement {
  return {
    sql: 'UPDATE runs SET status = ?, active = 0, ended_at = ?, error = ? WHERE number = ?',
    parameters: [status, at, error === undefined ? null : JSON.stringify(error), run],
  }
}

function forgetWaits(run: number): Statement {
  return { sql: "DELETE FROM waits WHERE run = ? AND kind <> 'cancel'", parameters: [run] }
}

/** For a run that ends with rows in `waits`. */
export function forgetAllWaits(run: number): Statement {
  return { sql: 'DELETE FROM waits WHERE run = ?', parameters: [run] }
}

export function consumed(seq: number): Statement {
  return { sql: 'UPDATE inbox SET consumed = 1 WHERE seq = ?', parameters: [seq] }
}
