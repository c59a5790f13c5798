import type { Frame } from '../frame.ts'
import { isObject, type JsonObject } from '../json.ts'

/** dsl-reference.md, "A2A Call": a message has an id and a role, generated where the author gives none. */
export function withMessageDefaults(frame: Frame, input: JsonObject): JsonObject {
  if (input.method !== 'message/send' && input.method !== 'message/stream') return input
  const parameters = isObject(input.parameters) ? input.parameters : {}
  const given = isObject(parameters.message) ? parameters.message : {}
  const message = {
    ...given,
    messageId: given.messageId ?? frame.run.context.uuid(`${frame.key}/messageId`),
    role: given.role ?? 'user',
  }
  return { ...input, parameters: { ...parameters, message } }
}
