import { isIP } from 'node:net'
import type { NatsConnection, Subscription } from '@nats-io/transport-node'
import { isObject } from '../../../workflow/index.ts'
import type { ActivityContext } from '../../activity.ts'
import { encodePayload, inbound } from '../messages.ts'
import { createInbox } from './inbox.ts'
import { library } from './library.ts'
import { brokerFault, isFault, refusedFault, shown, type Protocol, type Target } from './protocol.ts'

/** NATS: the address is a subject. Without JetStream a server keeps nothing: who is not subscribed misses it. */
export const nats: Protocol = {
  name: 'nats',
  wildcard: '*',
  ownCredentials: false,

  async publish(target, { payload, headers }, context) {
    const { body, contentType } = encodePayload(payload, target.contentType)
    const { headers: newHeaders } = await natsLibrary()
    const connection = await connect(target, context)
    try {
      const sent = newHeaders()
      // By this header JetStream, where it keeps the subject, tells a repetition.
      const own = { 'content-type': contentType, 'Nats-Msg-Id': context.idempotencyKey }
      for (const [name, value] of Object.entries({ ...own, ...headers })) sent.set(name, value)
      connection.publish(target.address, body, { headers: sent })
      await bounded(connection.flush(), target, context)
      const refusal = connection.refusals[0]
      if (refusal) throw refusal
    } finally {
      await connection.close()
    }
  },

  async subscribe(target, context) {
    const what = `Subscription to ${target.address} of ${shown(target, 'nats')}`
    const inbox = createInbox(what)
    const connection = await connect(target, context)
    const binding = target.operationBindings['nats']
    const queue = isObject(binding) ? binding['queue'] : undefined
    const subscription: Subscription = connection.subscribe(target.address, {
      ...(typeof queue === 'string' && { queue }),
      callback(error, message) {
        if (error) return inbox.end(brokerFault(what, error))
        const headers: { [name: string]: string } = { subject: message.subject }
        for (const name of message.headers?.keys() ?? [])
          headers[name] = message.headers?.values(name).join(', ') ?? ''
        const contentType = message.headers?.get('content-type') || undefined
        const received = { payload: message.data, headers, contentType }
        inbox.push(
          {
            message: inbound(received, target.contentType, target.correlation),
            acknowledge: async () => {},
          },
          message.data.length,
        )
      },
    })
    void connection
      .closed()
      .then((error) => inbox.end(brokerFault(what, error ?? { message: 'the connection was closed' })))
    try {
      await bounded(connection.flush(), target, context)
      const refusal = connection.refusals[0]
      if (refusal) throw refusal
    } catch (error) {
      await connection.close()
      throw error
    }
    return {
      next: inbox.next,
      async close() {
        subscription.unsubscribe()
        await connection.close()
      },
    }
  },
}

const natsLibrary = () => library('@nats-io/transport-node', 'nats', () => import('@nats-io/transport-node'))

/** A connection, with what the server refuses on it: it says so apart from what it refuses. */
type Connection = NatsConnection & { readonly refusals: unknown[] }

async function connect(target: Target, context: ActivityContext): Promise<Connection> {
  const { connect: open } = await natsLibrary()
  const { server, credentials, rules } = target
  const { ca, ...tls } = rules.tls(server.host)
  const address = await addressOf(server.host, rules)
  const opening = open({
    servers: `${address.includes(':') ? `[${address}]` : address}:${server.port ?? 4222}`,
    // A lost connection is a fault, and no other server is told of by this one.
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: target.http.connectTimeoutMs ?? 10_000,
    name: 'sluse',
    // Without the option the client takes TLS where the server offers it, and no more than that.
    ...(server.secure && { tls: { ...tls, ...(ca && { ca: ca.join('\n') }) } }),
    ...(credentials.token !== undefined && { token: credentials.token }),
    ...(credentials.username !== undefined && {
      user: credentials.username,
      pass: credentials.password ?? '',
    }),
  })
  // One that comes too late is not left open.
  opening.then(
    (late) => {
      if (context.signal.aborted) void late.close()
    },
    () => {},
  )
  const connection = await bounded(opening, target, context)
  const refusals: unknown[] = []
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error')
        refusals.push(asFault(status.error, `NATS server ${shown(target, 'nats')}`))
    }
  })()
  return Object.assign(connection, { refusals })
}

/** The client finds addresses by itself, past the rules of which may be called: so it is given one. */
function addressOf(host: string, { lookup }: Target['rules']): Promise<string> {
  if (isIP(host) !== 0) return Promise.resolve(host)
  return new Promise((resolve, reject) => {
    lookup(host, { all: false }, (error, address) => {
      if (error) reject(isFault(error) ? error : brokerFault(`NATS server ${host}`, error))
      else resolve(address as string)
    })
  })
}

async function bounded<T>(work: Promise<T>, target: Target, { signal }: ActivityContext): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    stop = () => signal.removeEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    throw signal.aborted ? error : asFault(error, `NATS server ${shown(target, 'nats')}`)
  } finally {
    stop()
    work.catch(() => {})
  }
}

function asFault(error: unknown, what: string) {
  const { name = '', message = '' } = (error ?? {}) as { name?: string; message?: string }
  if (/Authorization|Authentication/i.test(name)) return refusedFault(what, 401, message)
  if (/Permission/i.test(name)) return refusedFault(what, 403, message)
  return brokerFault(what, error)
}
