import { hasProtocol, invokeFunction } from './calls/protocol.ts'
import { exportContext, putOut, takeIn } from './data-flow.ts'
import type { TaskBase } from './definition/types.ts'
import { extendAfter, extendBefore } from './extensions.ts'
import { holds } from './expressions.ts'
import { Frame, type Surroundings } from './frame.ts'
import type { Json } from './json.ts'
import { limits } from './limits.ts'
import { located } from './locate.ts'
import { fault, problemOf } from './problem.ts'
import type { TaskNode } from './program.ts'
import { Cancelled } from './scope.ts'
import { bodyOf } from './tasks/index.ts'
import { timeoutOf, withTimeout } from './timeout.ts'

/**
 * Performs one task (dsl-reference.md, "Task"): `if`, input, body, output, export, each reported as it goes.
 * A task whose `if` does not hold is skipped: it puts out its raw input, and nothing else of it happens, its
 * `then` included. Throws what ended the task: a fault, located, or the scope's cancellation.
 */
export async function performTask(
  node: TaskNode,
  key: string,
  input: Json,
  within: Surroundings,
): Promise<Frame> {
  const { run } = within
  within.scope.throwIfCancelled()
  const { override } = run.start
  const frame = new Frame(node, key, override?.key === key ? override.input : input, within)
  const place = { task: node.pointer, key }
  let created = false
  try {
    if (frame.depth > limits.depth)
      throw fault('runtime', `Tasks are more than ${limits.depth} deep within one another.`)
    if (run.count()) await frame.sleep(run.context.now(), '/breath')
    if (node.task.if !== undefined && !holds(node.task.if, frame.rawInput, 'input', frame, '/if')) {
      frame.output = frame.rawInput
      frame.then = undefined
      return frame
    }
    created = true
    run.report({ kind: 'task.created', ...place })
    run.report({ kind: 'task.started', input: frame.rawInput, ...place })
    await perform(frame, node.task)
    run.report({ kind: 'task.completed', output: frame.output, ...place })
    return frame
  } catch (thrown) {
    const error = located(thrown, node.pointer)
    const problem = problemOf(error)
    if (problem) {
      if (!created) run.report({ kind: 'task.created', ...place })
      run.report({ kind: 'task.faulted', error: problem, ...place })
    } else if (created && error instanceof Cancelled && error.kind !== 'parked') {
      run.report({ kind: 'task.cancelled', ...place })
    }
    throw error
  }
}

async function perform(frame: Frame, task: TaskBase): Promise<void> {
  const extensions = frame.extended ? [] : frame.run.program.extensions(frame.node)
  const before = extensions.length > 0 ? await extendBefore(frame, extensions) : undefined
  if (task.input) await takeIn(frame, task.input)
  else frame.input = frame.rawInput
  frame.rawOutput = before?.bypass ?? (await body(frame, task))
  if (task.output) await putOut(frame, task.output)
  else frame.output = frame.rawOutput
  if (task.export) await exportContext(frame, task.export)
  if (before?.ended) frame.then = 'end'
  else if (before) await extendAfter(frame, before.entered)
}

/** The task's own doing, within its time: a `timeout` covers the tasks within, their retries too. */
function body(frame: Frame, task: TaskBase): Json | Promise<Json> {
  const work = hasProtocol(frame) ? invokeFunction : bodyOf(frame.node.kind)
  if (task.timeout === undefined) return work(frame)
  const after = frame.duration(timeoutOf(frame.run, task.timeout).after, '/timeout/after')
  const { run, scope, key, startedAt } = frame
  const timed = { run, scope, key: `${key}/timeout`, until: startedAt + after, what: 'The task' }
  return withTimeout(timed, async (inner) => {
    frame.scope = inner
    try {
      return await work(frame)
    } finally {
      frame.scope = scope
    }
  })
}
