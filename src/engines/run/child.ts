import { fault, type ChildRun } from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'
import type { Result } from './pending.ts'

/** What a run that waited for another is given when that has ended. */
export function resultOf(outcome: Outcome): Result {
  switch (outcome.status) {
    case 'completed':
      return { value: outcome.output }
    case 'faulted':
      return { problem: outcome.error }
    case 'cancelled':
      return { problem: fault('runtime', 'The run that was waited for was cancelled.').problem }
  }
}

/** Throws a `WorkflowFault` where a child of a run at `depth` would be too deep: a run that runs itself has no end. */
export function assertDepth(depth: number, most: number, { namespace, name }: ChildRun): void {
  if (depth + 1 < most) return
  const detail = `Runs may be ${most} deep within one another; does ${namespace}/${name} run itself?`
  throw fault('configuration', detail)
}
