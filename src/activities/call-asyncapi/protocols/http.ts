import { setTimeout as delay } from 'node:timers/promises'
import { isObject } from '../../../workflow/index.ts'
import { mediaTypeOf } from '../../content.ts'
import { eventStreamReader } from '../../event-stream.ts'
import { idempotencyHeader } from '../../idempotency.ts'
import { encodePayload, inbound, type Received } from '../messages.ts'
import { createInbox } from './inbox.ts'
import { shown, type Protocol, type Target } from './protocol.ts'

/** How long until it is asked again, where an answer was whole. */
const pauseMs = 1000

/** Most that one message may hold. */
const maxMessageBytes = 10_000_000

/**
 * HTTP. To publish is a request with the message as its body, `POST` unless the operation's binding says otherwise.
 * To subscribe is a `GET`: a stream of server-sent events or of lines of JSON carries a message each, and is taken up
 * again where it ends; any other answer is one message (none where it is empty), and is asked for again and again.
 */
export const http: Protocol = {
  name: 'http',
  ownCredentials: true,

  async publish(target, { payload, headers }, context) {
    const method = methodOf(target, 'POST')
    const { body, contentType } = encodePayload(payload, target.contentType)
    await context.http.send(
      {
        method,
        uri: uriOf(target),
        headers: {
          ...idempotencyHeader(method, context, { http: target.http }),
          'content-type': contentType,
          ...headers,
        },
        ...(payload !== undefined && method !== 'GET' && { body }),
        ...authentication(target),
      },
      context,
    )
  },

  async subscribe(target, context, lasting) {
    const what = `Subscription to ${shown(target, 'http')}`
    const inbox = createInbox(what)
    const own = new AbortController()
    const signal = AbortSignal.any([context.signal, own.signal])
    let lastId = typeof lasting?.position === 'string' ? lasting.position : ''
    const deliver = (received: Received, id?: string) => {
      const arrival = {
        message: inbound(received, target.contentType, target.correlation),
        ...(id && { position: id }),
        acknowledge: async () => {},
      }
      inbox.push(arrival, received.payload.length)
    }

    const once = async (): Promise<number> => {
      const whole: Uint8Array[] = []
      let bytes = 0
      let rest = Buffer.alloc(0) as Buffer
      let kind = 'whole' as 'events' | 'lines' | 'whole'
      let headers: { readonly [name: string]: string } = {}
      const events = eventStreamReader(({ data, event, id }) => {
        deliver({ payload: Buffer.from(data), headers: { event, ...(id && { id }) } }, id)
      }, maxMessageBytes)
      const answer = await context.http.send(
        {
          method: methodOf(target, 'GET'),
          uri: uriOf(target),
          headers: {
            accept: 'text/event-stream, application/x-ndjson, application/json;q=0.9, */*;q=0.5',
            ...(lastId && { 'last-event-id': lastId }),
          },
          ...authentication(target),
          onChunk(chunk, given) {
            headers = given
            const { type } = mediaTypeOf(given['content-type'])
            kind = type === 'text/event-stream' ? 'events' : lineTypes.has(type) ? 'lines' : 'whole'
            if (kind === 'events') return events.push(chunk)
            if (kind === 'lines') {
              rest = Buffer.concat([rest, chunk])
              for (let at; (at = rest.indexOf(10)) !== -1; rest = rest.subarray(at + 1)) {
                const line = rest.subarray(0, at)
                if (line.toString().trim() !== '')
                  deliver({ payload: line, headers: {}, contentType: 'application/json' })
              }
              bytes = rest.length
            } else {
              whole.push(chunk)
              bytes += chunk.length
            }
            if (bytes > maxMessageBytes)
              throw new Error(`a message is longer than the ${maxMessageBytes} bytes allowed`)
          },
        },
        { ...context, signal },
      )
      events.end()
      lastId = events.lastId() || lastId
      if (kind === 'lines' && rest.toString().trim() !== '') {
        deliver({ payload: rest, headers: {}, contentType: 'application/json' })
      }
      if (kind === 'whole' && bytes > 0) {
        deliver({ payload: Buffer.concat(whole), headers, contentType: answer.headers['content-type'] })
      }
      return Math.min(events.retryMs() ?? pauseMs, 60_000)
    }

    const follow = async () => {
      for (;;) await delay(await once(), undefined, { signal })
    }
    follow().catch((error: unknown) => inbox.end(error))
    return { next: inbox.next, close: async () => own.abort() }
  },
}

const lineTypes = new Set([
  'application/x-ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/json-lines',
])

function uriOf({ server, address }: Target): string {
  const port = server.port === undefined ? '' : `:${server.port}`
  const host = server.host.includes(':') ? `[${server.host}]` : server.host
  const path = address.startsWith('/') ? address : `/${address}`
  return `${server.secure ? 'https' : 'http'}://${host}${port}${server.path}${path}`
}

function methodOf({ operationBindings }: Target, usual: string): string {
  const binding = operationBindings['http']
  const method = isObject(binding) ? binding['method'] : undefined
  return typeof method === 'string' ? method.toUpperCase() : usual
}

const authentication = ({ credentials: { policy } }: Target) =>
  policy === undefined ? {} : { authentication: policy }
