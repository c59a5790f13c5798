import type { ErrorDefinition, RaiseTask } from '../definition/types.ts'
import { uriOf } from '../endpoints.ts'
import { unfit } from '../expressions.ts'
import type { Frame } from '../frame.ts'
import { WorkflowFault, type Problem } from '../problem.ts'

/**
 * dsl-reference.md, "Raise": an error given here, or named in `use.errors`. An `instance` that the author gives is
 * kept; otherwise it is this task. The task never completes, so it has no output and goes nowhere.
 */
export function raiseTask(frame: Frame): never {
  const { error } = (frame.node.task as RaiseTask).raise
  const definition: ErrorDefinition =
    typeof error === 'string' ? frame.run.program.used('errors', error) : error
  const problem: Problem = {
    type: uriOf(frame, definition.type, '/raise/error/type'),
    status: definition.status,
  }
  for (const name of ['title', 'detail', 'instance'] as const) {
    const text = definition[name]
    if (text !== undefined) problem[name] = textOf(frame, text, `/raise/error/${name}`)
  }
  throw new WorkflowFault(problem)
}

function textOf(frame: Frame, text: string, place: string): string {
  const value = frame.fill(text, place)
  if (value === null || typeof value === 'object') throw unfit(frame.pointer + place, 'a string', value)
  return String(value)
}
