import type { Frame } from '../frame.ts'
import type { Json } from '../json.ts'

/**
 * A function whose `metadata` says by which `protocol` it is spoken to is carried out whole, as one activity: how its
 * words (`run`, `call`) are meant is then its runner's affair. Its data flow and timeout are those of any task.
 */
export function hasProtocol({ node }: Frame): boolean {
  return node.origin !== undefined && node.task.metadata?.protocol !== undefined
}

export function invokeFunction(frame: Frame): Promise<Json> {
  const { task, origin } = frame.node
  return frame.activity({
    kind: 'invoke',
    input: { ...origin, definition: task as unknown as Json, input: frame.input },
  })
}
