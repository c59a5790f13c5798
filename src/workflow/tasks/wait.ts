import type { WaitTask } from '../definition/types.ts'
import type { Frame } from '../frame.ts'
import type { Json } from '../json.ts'

/** dsl-reference.md, "Wait": the output is the transformed input. */
export async function waitTask(frame: Frame): Promise<Json> {
  const duration = frame.duration((frame.node.task as WaitTask).wait, '/wait')
  await frame.sleep(frame.run.context.now() + duration)
  return frame.input
}
