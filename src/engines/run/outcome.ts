import { problem, type LifecycleReport } from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'

export function reportOf(outcome: Outcome): LifecycleReport {
  switch (outcome.status) {
    case 'completed':
      return { kind: 'workflow.completed', output: outcome.output }
    case 'faulted':
      return { kind: 'workflow.faulted', error: outcome.error }
    case 'cancelled':
      return { kind: 'workflow.cancelled' }
  }
}

/** A run that replays otherwise than it was recorded must not go on. */
export function strayed(detail: string): Outcome {
  const text = `SLUSE-REPLAY: The run does not replay as it was recorded, so it was stopped. ${detail}`
  return { status: 'faulted', error: problem('runtime', text) }
}

/** Something went wrong that no definition is to blame for. */
export function defect(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error)
  return { status: 'faulted', error: problem('runtime', `The engine failed: ${message}`) }
}
