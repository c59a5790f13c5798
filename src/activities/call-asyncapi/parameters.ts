import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { Described } from './description.ts'

/** A message as a document's runtime expressions see it. */
export interface MessageSubject {
  readonly header: Json
  readonly payload: Json
}

export const messageSubject = (message: JsonObject): MessageSubject => ({
  header: message['headers'] ?? null,
  payload: message['payload'] ?? null,
})

/** `$message.header#/correlationId` (AsyncAPI, "Runtime Expression"); `undefined` where there is nothing there. */
export function locate(expression: string, message: MessageSubject): Json | undefined {
  const [, part, pointer = ''] = /^\$message\.(header|payload)(?:#(\/.*)?)?$/.exec(expression) ?? []
  if (part === undefined) return undefined
  let value: Json | undefined = part === 'header' ? message.header : message.payload
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) value = value[Number(name)]
    else value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

/**
 * The channel's address with its parameters in place: from the message where the document says that they are in
 * it, else their default; where messages are taken, any value, if the protocol has a sign for that.
 */
export function resolveAddress(
  { address, parameters }: Described,
  message: MessageSubject,
  wildcard: string | undefined,
): string {
  return address.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    const carried = parameter?.location === undefined ? undefined : locate(parameter.location, message)
    const value = carried ?? parameter?.default ?? wildcard
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return String(value)
    throw fault(
      'configuration',
      `The channel ${address} needs a value for its parameter '${name}': in the message where the document says so, or as its default.`,
    )
  })
}
