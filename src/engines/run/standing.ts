import type { Statement } from '../../database/index.ts'
import type { RunStatus } from '../../history/index.ts'
import type { Workflow } from '../../workflow/definition/index.ts'
import { milliseconds } from '../../workflow/index.ts'
import type { Standing } from './host.ts'
import type { LiveRun } from './live-run.ts'
import type { Pending } from './pending.ts'
import type { RunRow } from './run-row.ts'
import { waitColumns, waitRows } from './wait-rows.ts'

/**
 * How the rows of a run change that some worker of several carries out: it leaves no memory when it only waits. `told`
 * is told what the run is from here on.
 */
export function standingElsewhere(told: (status: RunStatus) => void = () => {}): Standing {
  const stands = (number: number, status: RunStatus, active = 0): Statement => {
    told(status)
    const sql = `UPDATE runs SET status = '${status}', active = ${active} WHERE number = ?`
    return { sql, parameters: [number] }
  }
  return {
    leaves: false,
    active: ({ row: { number } }) => [
      stands(number, 'running', 1),
      { sql: "DELETE FROM waits WHERE run = ? AND kind NOT IN ('cancel', 'event')", parameters: [number] },
    ],
    parked: (run) => [
      stands(run.row.number, 'waiting'),
      { sql: "DELETE FROM waits WHERE run = ? AND kind <> 'cancel'", parameters: [run.row.number] },
      ...rowsOf(run, [...run.pending.values()]),
    ],
    suspended: ({ row: { number } }) => [stands(number, 'suspended')],
    ended: ({ row: { number } }) => [
      { sql: 'DELETE FROM waits WHERE run = ?', parameters: [number] },
      { sql: 'DELETE FROM executions WHERE run = ?', parameters: [number] },
    ],
  }
}

/** By what the run is found when what these wait for has come. */
export function rowsOf(run: LiveRun, pending: readonly Pending[]): Statement[] {
  return pending.flatMap((one) => waitRows(run, one).map((parameters) => ({ sql: insertWait, parameters })))
}

const insertWait = `INSERT INTO waits (${waitColumns.join(', ')}) VALUES (${waitColumns.map(() => '?').join(', ')})`

/** When its schedule starts the next run, where that is some time after this one. */
export function afterEnd({ schedule }: RunRow, workflow: Workflow, at: number): Statement[] {
  const { after } = workflow.schedule ?? {}
  const pause = after === undefined ? undefined : milliseconds(after)
  if (schedule === undefined || pause === undefined) return []
  return [{ sql: 'UPDATE schedules SET next_due = ? WHERE number = ?', parameters: [at + pause, schedule] }]
}
