import { flowOf, makeLines, writeLines, type Given, type LineWork, type Made } from './lines.ts'
import { isPure } from './pure.ts'
import { runSteps, type CallOptions } from './run-steps.ts'
import type { Failed, Flow, Step } from './step.ts'
import type { StepThreads } from './threads.ts'

export interface StepsOptions extends LineWork, CallOptions {}

/** A batch whose first steps are done; `made` where there are no others. */
export type Begun = { readonly made: Made } | { readonly flow: Flow; readonly failed: Failed[] }

/** Does what can be done with a batch apart from all others, wherever that is. */
export async function beginBatch(
  given: Given,
  options: StepsOptions,
  signal: AbortSignal,
  threads?: StepThreads,
): Promise<Begun> {
  const { steps } = options
  if (steps.every(isPure)) {
    return { made: threads ? await threads.makeLines(given) : makeLines(given, options) }
  }
  const failed: Failed[] = []
  const { apart, ordered } = splitSteps(steps)
  const flow = await runSteps(flowOf(given, failed), { steps: apart, first: 0, failed, signal }, options)
  return ordered.length > 0 ? { flow, failed } : { made: { ...writeLines(flow, options), failed } }
}

/** Whether batches may be worth being done by other processes: pure steps have threads of this one. */
export function isWorthSharing(steps: readonly Step[]): boolean {
  return splitSteps(steps).apart.some(({ kind }) => kind === 'call')
}

interface Split {
  /** Those before the first that remembers something. */
  readonly apart: readonly Step[]
  readonly ordered: readonly Step[]
}

const splits = new WeakMap<readonly Step[], Split>()

export function splitSteps(steps: readonly Step[]): Split {
  let split = splits.get(steps)
  if (!split) {
    const from = steps.findIndex(({ kind }) => kind === 'deduplicate')
    split = {
      apart: from < 0 ? steps : steps.slice(0, from),
      ordered: from < 0 ? [] : steps.slice(from),
    }
    splits.set(steps, split)
  }
  return split
}
