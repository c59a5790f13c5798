import { setTimeout as delay } from 'node:timers/promises'
import type { HttpRequest } from '../../http/index.ts'
import { fault, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityOptions } from '../activity.ts'
import { eventStreamReader } from '../event-stream.ts'
import { idempotencyHeader } from '../idempotency.ts'
import { endpointOf, optionalObject } from '../input.ts'
import { isResponse, messagesIn, requestMessage, resultOf } from '../json-rpc.ts'
import { maxAnswerBytes, replyTo, type Session } from './session.ts'

/** How long a stream may stay open after its response. */
const lingerMs = 200

/** How often an answer that broke off is taken up again. */
const mostResumptions = 5

/**
 * The transport "Streamable HTTP": each message is a POST; its answer is JSON, or a stream of events that ends with
 * the response and that is taken up again, by `Last-Event-ID`, where it broke off and the server gave ids.
 */
export function overHttp(
  given: JsonObject,
  context: ActivityContext,
  options: ActivityOptions,
  what: string,
  mask: (text: string) => string,
): Session {
  const endpoint = endpointOf(given['endpoint'], 'transport.http.endpoint')
  const authentication =
    endpoint.authentication === undefined ? {} : { authentication: endpoint.authentication }
  const own = lowerCase(optionalObject(given, 'headers') ?? {})
  let session: Headers = {}
  let ids = 0

  const send = (request: Partial<HttpRequest> & { method: string }, signal = context.signal) =>
    context.http.send(
      {
        uri: endpoint.uri,
        ...authentication,
        ...request,
        headers: { accept: 'application/json, text/event-stream', ...own, ...session, ...request.headers },
      },
      { ...context, signal },
    )

  /** The response to `id` in an answer that comes piece by piece. Replies to what the server asks meanwhile. */
  const receive = async (
    id: number,
    request: Partial<HttpRequest> & { method: string },
  ): Promise<Received> => {
    const enough = new AbortController()
    const whole: Uint8Array[] = []
    let response: JsonObject | undefined
    let head: Headers = {}
    let bytes = 0
    const consider = (message: Json) => {
      const reply = replyTo(message)
      if (reply) void send(posted(reply)).catch(() => {})
      if (!isResponse(message, id)) return
      response = message
      // The server should end its answer now; one that does not is not waited for.
      setTimeout(() => enough.abort(), lingerMs).unref()
    }
    const events = eventStreamReader(({ data }) => {
      for (const message of data === '' ? [] : messagesIn(data, what)) consider(message)
    }, maxAnswerBytes)
    const onChunk = (chunk: Uint8Array, headers: Headers) => {
      head = headers
      bytes += chunk.length
      if (bytes > maxAnswerBytes) {
        throw fault('runtime', `${what}: the answer is larger than the ${maxAnswerBytes} bytes allowed.`)
      }
      if (isEventStream(headers)) events.push(chunk)
      else whole.push(chunk)
    }
    try {
      await send({ ...request, onChunk }, AbortSignal.any([context.signal, enough.signal]))
    } catch (error) {
      // Broken off: what is missing may be had by its id.
      if (context.signal.aborted || (!response && events.lastId() === '')) throw error
    }
    if (isEventStream(head)) events.end()
    else if (bytes > 0) {
      for (const message of messagesIn(Buffer.concat(whole).toString('utf8'), what)) consider(message)
    }
    return {
      response,
      session: head['mcp-session-id'],
      lastId: events.lastId(),
      retryMs: Math.min(events.retryMs() ?? 1000, 30_000),
    }
  }

  return {
    async request(method, params) {
      const id = (ids += 1)
      const effect = method === 'tools/call' ? idempotencyHeader('POST', context, options) : {}
      let got = await receive(id, posted(requestMessage(id, method, params), effect))
      if (method === 'initialize' && got.session !== undefined) session = { 'mcp-session-id': got.session }
      for (let times = 0; !got.response && got.lastId !== '' && times < mostResumptions; times += 1) {
        await delay(got.retryMs, undefined, { signal: context.signal })
        const next = await receive(id, { method: 'GET', headers: { 'last-event-id': got.lastId } })
        got = { ...next, lastId: next.lastId || got.lastId }
      }
      if (got.response) return resultOf(got.response, what, mask)
      throw fault('runtime', `${what}: the server's answer ended without a response to ${method}.`)
    },

    async notify(method) {
      await send(posted({ jsonrpc: '2.0', method }))
    },

    agreed(version) {
      if (version >= '2025-06-18') session = { ...session, 'mcp-protocol-version': version }
    },

    async close() {
      if (session['mcp-session-id'] === undefined) return
      // A server need not allow it, and the call is over: nobody waits long for this.
      const bounded = { ...context, signal: AbortSignal.timeout(5000) }
      const request = {
        method: 'DELETE',
        uri: endpoint.uri,
        headers: { ...own, ...session },
        anyStatus: true,
      }
      await context.http.send({ ...request, ...authentication }, bounded).catch(() => {})
    },
  }
}

interface Received {
  readonly response: JsonObject | undefined
  readonly session: string | undefined
  readonly lastId: string
  readonly retryMs: number
}

type Headers = { readonly [name: string]: string }

const posted = (message: JsonObject, headers: Headers = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(message),
})

const isEventStream = (headers: Headers) => /^text\/event-stream\b/i.test(headers['content-type'] ?? '')

const lowerCase = (headers: JsonObject): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
