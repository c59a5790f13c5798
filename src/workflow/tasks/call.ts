import { authorizationOf } from '../authentication.ts'
import { withMessageDefaults } from '../calls/a2a.ts'
import { callAsyncapi } from '../calls/asyncapi.ts'
import { argumentsOf, authenticationIn } from '../calls/builtin.ts'
import { callFunction } from '../calls/function.ts'
import { callKind } from '../definition/task-kind.ts'
import type { CallTask } from '../definition/types.ts'
import type { Frame } from '../frame.ts'
import type { Json } from '../json.ts'

/** dsl-reference.md, "Call": built-in calls are activities, any other name is a function. */
export async function callTask(frame: Frame): Promise<Json> {
  const kind = callKind(frame.node.task as CallTask)
  if (kind === 'function') return callFunction(frame)
  if (frame.node.usesAuthorization) {
    const policy = authenticationIn(frame, kind)
    if (policy) frame.authorization = await authorizationOf(frame, policy)
  }
  if (kind === 'asyncapi') return callAsyncapi(frame)
  const input = argumentsOf(frame, kind)
  if (kind === 'a2a') return frame.activity({ kind, input: withMessageDefaults(frame, input) })
  // Where the answer goes to a file: the DSL has no word for it, and `metadata` is its place for such.
  const saveTo = kind === 'http' || kind === 'openapi' ? frame.node.task.metadata?.saveTo : undefined
  return frame.activity({ kind, input: saveTo === undefined ? input : { ...input, metadata: { saveTo } } })
}
