import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext } from '../activity.ts'
import { eventStreamReader } from '../event-stream.ts'
import { isResponse, messagesIn, requestMessage, resultOf } from '../json-rpc.ts'
import type { Agent } from './agent.ts'

export interface Question {
  readonly method: string
  readonly params: JsonObject | undefined
  /** Whether the answer is a stream: then the output is the list of its results, in order. */
  readonly streams: boolean
}

/** Most that an answer may hold, a stream's results together. */
const maxAnswerBytes = 10_000_000

/** Each call is a POST of its own, so one id will do. */
const id = 1

/** One JSON-RPC request over HTTP; a stream's answer is server-sent events, each a response of its own. */
export async function ask(
  agent: Agent,
  { method, params, streams }: Question,
  context: ActivityContext,
  what: string,
  mask: (text: string) => string,
): Promise<Json> {
  const results: Json[] = []
  const whole: Uint8Array[] = []
  let bytes = 0
  let isStream = false
  const consider = (text: string) => {
    for (const message of messagesIn(text, what)) {
      if (isResponse(message, id) || isRefusal(message)) results.push(resultOf(message, what, mask))
    }
  }
  const events = eventStreamReader(({ data }) => consider(data), maxAnswerBytes)

  await context.http.send(
    {
      method: 'POST',
      uri: agent.uri,
      headers: {
        'content-type': 'application/json',
        accept: streams ? 'text/event-stream, application/json;q=0.9' : 'application/json',
        ...agent.headers,
      },
      body: JSON.stringify(requestMessage(id, method, params)),
      ...(agent.authentication !== undefined && { authentication: agent.authentication }),
      onChunk(chunk, headers) {
        bytes += chunk.length
        if (bytes > maxAnswerBytes) {
          throw fault('runtime', `${what}: the answer is larger than the ${maxAnswerBytes} bytes allowed.`)
        }
        isStream = /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
        if (isStream) events.push(chunk)
        else whole.push(chunk)
      },
    },
    context,
  )
  if (isStream) events.end()
  // An agent that cannot stream, or refuses before it does, answers as for any other method.
  else consider(Buffer.concat(whole).toString('utf8'))

  const [first] = results
  if (first === undefined) throw fault('runtime', `${what}: the agent's answer has no response in it.`)
  return streams ? results : first
}

/** What could not be read as a request has no id to be answered by. */
const isRefusal = (message: Json): message is JsonObject =>
  isObject(message) && message['id'] === null && 'error' in message
