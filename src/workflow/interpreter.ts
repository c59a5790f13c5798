import { transform, validate } from './data-flow.ts'
import type { DurableContext } from './durable-context.ts'
import { Frame } from './frame.ts'
import type { Json } from './json.ts'
import { locate, locateAsync, located } from './locate.ts'
import { performList } from './perform-list.ts'
import { performTask } from './perform-task.ts'
import { Program } from './program.ts'
import type { RunStart } from './run-start.ts'
import { Run } from './run.ts'
import type { Scope } from './scope.ts'
import { timeoutOf, withTimeout } from './timeout.ts'
import { WorkflowContext } from './workflow-context.ts'

/**
 * Interprets a definition, from the beginning, over the port. Resolves with the workflow's output. Rejects with a
 * `WorkflowFault` where the run faults, and with the `Cancelled` of the root scope where that is cancelled; anything
 * else is a defect of the engine, rethrown as it came.
 *
 * Reports `workflow.started`, the correlations and all of the tasks; the engine reports how the workflow ended.
 * Deterministic: the same start and the same results in the same order give the same effects and reports.
 */
export async function interpret(start: RunStart, context: DurableContext, scope: Scope): Promise<Json> {
  scope.throwIfCancelled()
  context.report({ kind: 'workflow.started' })
  try {
    const run = new Run(start, Program.of(start.workflow), context, { list: performList, task: performTask })
    const locals = { names: run.program.names, values: {} }
    const surroundings = {
      run,
      scope,
      context: new WorkflowContext(),
      locals,
      depth: -1,
      extended: undefined,
    }
    return await withinTime(new Frame(run.program.root, '', start.input, surroundings))
  } catch (error) {
    throw located(error, '')
  }
}

/** dsl.md, "Data Flow": what the workflow does around its tasks. */
async function conduct(frame: Frame): Promise<Json> {
  const { workflow, main } = frame.run.program
  const { input, output } = workflow
  if (input?.schema)
    await locateAsync('/input', validate(frame, input.schema, frame.rawInput, '/input/schema'))
  frame.input = locate('/input', () =>
    transform(input?.from, frame.rawInput, 'workflow-input', frame, '/input/from'),
  )
  const last = await performList(main, '/do', frame.input, frame)
  const result = locate('/output', () =>
    transform(output?.as, last.output, 'workflow-output', frame, '/output/as'),
  )
  if (output?.schema) await locateAsync('/output', validate(frame, output.schema, result, '/output/schema'))
  return result
}

/** The workflow's time counts from its start, waiting and suspension included. */
async function withinTime(frame: Frame): Promise<Json> {
  const { timeout } = frame.run.program.workflow
  if (timeout === undefined) return conduct(frame)
  const { run, scope } = frame
  const after = locate('/timeout', () => frame.duration(timeoutOf(run, timeout).after, '/timeout/after'))
  const until = run.start.startedAt + after
  const timed = { run, scope, key: '/timeout', until, what: 'The workflow' }
  return locateAsync(
    '/timeout',
    withTimeout(timed, (inner) => {
      frame.scope = inner
      return conduct(frame)
    }),
  )
}
