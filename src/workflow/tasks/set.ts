import type { SetTask } from '../definition/types.ts'
import type { Frame } from '../frame.ts'
import type { Json } from '../json.ts'

/** dsl-reference.md, "Set": the data is replaced, never merged. */
export function setTask(frame: Frame): Json {
  return frame.fill((frame.node.task as SetTask).set, '/set')
}
