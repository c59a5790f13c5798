import type { SwitchCase, SwitchTask } from '../definition/types.ts'
import type { Frame } from '../frame.ts'
import { pointerStep, type Json } from '../json.ts'

/**
 * dsl-reference.md, "Switch": the first case whose condition holds, in declared order; else the case without
 * condition, wherever it stands; else the task goes on by its own `then`. The output is the input.
 */
export function switchTask(frame: Frame): Json {
  const task = frame.node.task as SwitchTask
  let otherwise: SwitchCase | undefined
  for (let index = 0; index < task.switch.length; index++) {
    const item = task.switch[index] as { [name: string]: SwitchCase }
    for (const name in item) {
      const choice = item[name] as SwitchCase
      if (choice.when === undefined) otherwise ??= choice
      else if (frame.holds(choice.when, frame.input, `/switch/${index}/${pointerStep(name)}/when`)) {
        frame.then = choice.then
        return frame.input
      }
    }
  }
  if (otherwise) frame.then = otherwise.then
  return frame.input
}
