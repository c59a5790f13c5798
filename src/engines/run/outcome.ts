import { Cancelled, problem, problemOf, type Json, type LifecycleReport } from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'
import type { LiveRun } from './live-run.ts'
import type { RunWriter } from './run-writer.ts'
import * as sql from './statements.ts'

/** What a run's end is in the records: its row, what it waits for, whom it keeps waiting. */
export function recordEnd(
  outcome: Outcome,
  { run, writer, wasParked }: { run: LiveRun; writer: RunWriter; wasParked: boolean },
): void {
  const { core, row, sealer } = run
  const at = Math.max(run.now, core.clock.now())
  const error = outcome.status === 'faulted' ? sealer.conceal(outcome.error as Json) : undefined
  writer.item({ type: 'report', report: reportOf(outcome), at })
  writer.statement(sql.ended(row.number, outcome.status, at, error))
  writer.statement(...core.standing.ended(run, wasParked))
  writer.statement(...core.schedules.runEnded(row, at))
  writer.durable(() => core.runs.ended(run, outcome))
}

/** Of what the interpreter threw. */
export function failure(error: unknown, { core, row }: LiveRun, wasCancelled: boolean): Outcome {
  if (error instanceof Cancelled && wasCancelled) return { status: 'cancelled' }
  const known = problemOf(error)
  if (known) return { status: 'faulted', error: known }
  core.log('error', 'A run ended by a defect.', { run: row.id, error: String(error) })
  return defect(error)
}

/** A run that replays otherwise than it was recorded must not go on. */
export function strayed(detail: string): Outcome {
  const text = `SLUSE-REPLAY: The run does not replay as it was recorded, so it was stopped. ${detail}`
  return { status: 'faulted', error: problem('runtime', text) }
}

function reportOf(outcome: Outcome): LifecycleReport {
  switch (outcome.status) {
    case 'completed':
      return { kind: 'workflow.completed', output: outcome.output }
    case 'faulted':
      return { kind: 'workflow.faulted', error: outcome.error }
    case 'cancelled':
      return { kind: 'workflow.cancelled' }
  }
}

/** Something went wrong that no definition is to blame for. */
function defect(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error)
  return { status: 'faulted', error: problem('runtime', `The engine failed: ${message}`) }
}
