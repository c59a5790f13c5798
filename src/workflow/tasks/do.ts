import type { DoTask } from '../definition/types.ts'
import type { Frame } from '../frame.ts'
import type { Json } from '../json.ts'

/** dsl-reference.md, "Do": subtasks in sequence; the output of the last is the output. */
export async function doTask(frame: Frame): Promise<Json> {
  const task = frame.node.task as DoTask
  const result = await frame.run.perform.list(
    frame.node.list('/do', task.do),
    `${frame.key}/do`,
    frame.input,
    frame,
  )
  if (result.left === 'end') frame.then = 'end'
  return result.output
}
