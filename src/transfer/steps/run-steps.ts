import type { FunctionContext, Functions } from '../../functions/index.ts'
import { fault } from '../../workflow/index.ts'
import { isPure, runPure } from './pure.ts'
import type { Failed, Flow, Step } from './step.ts'

export interface CallOptions {
  /** For `call` steps. */
  readonly functions?: Functions | undefined
  readonly context: Omit<FunctionContext, 'signal'>
}

export interface StepsRun {
  readonly steps: readonly Step[]
  /** The number of the first of them among all steps. */
  readonly first: number
  /** Told of each record that a step fails on. */
  readonly failed: Failed[]
  readonly signal: AbortSignal
}

type Deduplicate = Step & { kind: 'deduplicate' }

/** Does steps one after the other; `remember` those that look at more than the batch. */
export async function runSteps(
  given: Flow,
  { steps, first, failed, signal }: StepsRun,
  options: CallOptions,
  remember?: (flow: Flow, step: Deduplicate, at: number) => Flow,
): Promise<Flow> {
  let flow = given
  for (const group of groupsOf(steps)) {
    const at = first + group.at
    const [step] = group.steps
    if (step?.kind === 'call') flow = await call(flow, step, at, failed, signal, options)
    else if (step?.kind === 'deduplicate') {
      if (!remember) throw fault('runtime', 'A step that remembers is not done apart from others.')
      flow = remember(flow, step, at)
    } else flow = runPure(flow, group.steps, at, failed)
  }
  return flow
}

async function call(
  { values, of }: Flow,
  step: Step & { kind: 'call' },
  at: number,
  failed: Failed[],
  signal: AbortSignal,
  { functions, context }: CallOptions,
): Promise<Flow> {
  if (!functions) throw fault('configuration', 'This server runs no functions as steps of transfers.')
  if (values.length === 0) return { values, of }
  const key = `${context.key}/step[${at}]`
  const outcomes = await functions.call(step.function, values, { ...context, key, signal })
  const next: Flow = { values: [], of: [] }
  for (const [index, outcome] of outcomes.entries()) {
    const source = of[index] ?? index
    if ('refused' in outcome) {
      failed.push({ index: source, step: at, body: JSON.stringify(values[index]), problem: outcome.refused })
    } else {
      for (const record of outcome.records) {
        next.values.push(record)
        next.of.push(source)
      }
    }
  }
  return next
}

const groups = new WeakMap<readonly Step[], readonly Group[]>()

interface Group {
  readonly at: number
  readonly steps: Step[]
}

/** Pure steps that follow one another are done together; each other is one of its own. */
function groupsOf(steps: readonly Step[]): readonly Group[] {
  let found = groups.get(steps)
  if (!found) {
    const made: Group[] = []
    steps.forEach((step, index) => {
      const last = made.at(-1)
      if (last && isPure(step) && last.steps.every(isPure)) last.steps.push(step)
      else made.push({ at: index, steps: [step] })
    })
    groups.set(steps, (found = made))
  }
  return found
}
