import { isObject, problem, type Json, type JsonObject, type Problem } from '../../workflow/index.ts'

/** Members of the options of every connector that takes messages. */
export const messageSourceProperties: JsonObject = {
  payload: {
    enum: ['json', 'text', 'bytes'],
    default: 'json',
    description: 'What a message holds; bytes become base64.',
  },
  envelope: {
    type: 'boolean',
    default: false,
    description:
      'Give `{topic, key, headers, value}` in place of the value alone; `key` and `headers` where there are any.',
  },
}

/** Members of the options of every connector that sends messages. */
export const messageTargetProperties: JsonObject = {
  value: {
    type: 'string',
    minLength: 1,
    description: 'The member of a record that is sent. Default: all of it, as JSON.',
  },
}

export interface Message {
  readonly topic: string
  readonly key?: string | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly value: Uint8Array
}

/** The record in a message, or what is wrong with it. */
export function recordOf(
  message: Message,
  options: JsonObject,
): { value: Json } | { raw: string; problem: Problem } {
  const buffer = Buffer.from(message.value.buffer, message.value.byteOffset, message.value.byteLength)
  let value: Json
  if (options.payload === 'bytes') value = buffer.toString('base64')
  else {
    const text = buffer.toString()
    if (options.payload === 'text') value = text
    else {
      try {
        value = JSON.parse(text) as Json
      } catch (error) {
        const detail = `The message is not valid JSON: ${(error as Error).message}.`
        return { raw: text.slice(0, 64_000), problem: problem('validation', detail) }
      }
    }
  }
  if (options.envelope !== true) return { value }
  const { topic, key, headers } = message
  return {
    value: { topic, ...(key !== undefined && { key }), ...(headers && { headers: { ...headers } }), value },
  }
}

/** What is sent of a record: a text as it is, everything else as JSON. */
export function payloadOf(record: Json, options: JsonObject): Uint8Array | Problem {
  const { value: member } = options
  if (typeof member !== 'string') return Buffer.from(JSON.stringify(record))
  const value = isObject(record) ? record[member] : undefined
  if (value === undefined)
    return problem('validation', `The record has no ${JSON.stringify(member)} to send.`)
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}
