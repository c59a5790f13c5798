import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Channel, ChannelModel, ConfirmChannel, GetMessage, Options } from 'amqplib'
import { fault, isObject, type JsonObject } from '../../../workflow/index.ts'
import type { ActivityContext } from '../../activity.ts'
import { encodePayload, inbound } from '../messages.ts'
import { library } from './library.ts'
import {
  brokerFault,
  brokerName,
  isFault,
  keptMs,
  refusedFault,
  shown,
  type Arrival,
  type Lasting,
  type Protocol,
  type Target,
} from './protocol.ts'

/** How often an empty queue is looked into: seldom where nothing has come for long. */
const lookMs = { least: 50, most: 1000 }

/**
 * AMQP 0-9-1, as RabbitMQ speaks it. The channel's binding says whether the address is a queue (usual) or a routing
 * key of an exchange. Queues and exchanges are used as they are found, never declared: whoever runs the broker does
 * that. What is taken stays the broker's until it is acknowledged, so a fault before gives it back.
 */
export const amqp: Protocol = {
  name: 'amqp',
  wildcard: '*',
  ownCredentials: false,

  async publish(target, { payload, headers, correlationId }, context) {
    const what = `Publishing to ${target.address} of ${shown(target, 'amqp')}`
    const { body, contentType } = encodePayload(payload, target.contentType)
    const { exchange, routingKey } = routeOf(target)
    const { deliveryMode, expiration, priority, mandatory } = operationBinding(target)
    const session = await connect(target, context)
    try {
      const channel = await session.guarded(session.model.createConfirmChannel(), what)
      channel.on('error', session.lose)
      let returned: string | undefined
      channel.on('return', (message: { fields: unknown }) => {
        returned = String((message.fields as { replyText?: unknown }).replyText)
      })
      const options: Options.Publish = {
        contentType,
        headers,
        persistent: deliveryMode !== 1,
        // Not delivered to any queue is not delivered: the broker says so, and it is a fault.
        mandatory: mandatory !== false,
        messageId: messageIdOf(context.idempotencyKey),
        ...(correlationId !== undefined && { correlationId }),
        ...(typeof expiration === 'number' && { expiration }),
        ...(typeof priority === 'number' && { priority }),
      }
      await session.guarded(confirmed(channel, exchange, routingKey, body, options), what)
      if (returned !== undefined) throw refusedFault(what, 404, `it reached no queue (${returned})`)
    } finally {
      await session.close()
    }
  },

  async subscribe(target, context, lasting) {
    const what = `Subscription to ${target.address} of ${shown(target, 'amqp')}`
    const session = await connect(target, context)
    let channel: Channel
    let queue: string
    try {
      channel = await session.guarded(session.model.createChannel(), what)
      channel.on('error', session.lose)
      queue = await session.guarded(queueFor(channel, target, lasting), what)
    } catch (error) {
      await session.close()
      throw error
    }
    const open = channel
    return {
      async next(signal) {
        for (let pause = lookMs.least; ; pause = Math.min(2 * pause, lookMs.most)) {
          signal.throwIfAborted()
          const message = await session.guarded(open.get(queue, { noAck: false }), what, signal)
          if (message) return arrivalOf(message, open, target)
          await session.guarded(delay(pause, undefined, { signal }), what, signal)
        }
      },
      async close(ended = false) {
        // Only what was made here; where that fails the queue goes by itself when nobody has used it for long.
        if (ended && lasting && isRouted(target)) await open.deleteQueue(queue).catch(() => {})
        // Acknowledgements are not answered; that the channel is closed says that they have arrived.
        await open.close().catch(() => {})
        await session.close()
      },
    }
  },
}

/** Resolves once the broker has taken the message on. */
function confirmed(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  body: Buffer,
  options: Options.Publish,
): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish(exchange, routingKey, body, options, (error: Error | null) =>
      error ? reject(error) : resolve(),
    )
  })
}

/** A short string of AMQP holds 255 bytes. */
const messageIdOf = (key: string) =>
  Buffer.byteLength(key) <= 255 ? key : createHash('sha256').update(key).digest('hex')

/**
 * The queue to take from. A routing key has none: one of our own is bound to its exchange, which goes with the
 * connection, or with a lasting subscription stays for as long as a broker keeps it for nobody.
 */
async function queueFor(channel: Channel, target: Target, lasting: Lasting | undefined): Promise<string> {
  const { exchange, routingKey, queue } = routeOf(target)
  if (!isRouted(target)) return (await channel.checkQueue(queue)).queue
  await channel.checkExchange(exchange)
  const { queue: own } = lasting
    ? await channel.assertQueue(brokerName(lasting, target.address), { durable: true, expires: keptMs })
    : await channel.assertQueue('', { exclusive: true, autoDelete: true })
  await channel.bindQueue(own, exchange, routingKey)
  return own
}

const isRouted = (target: Target) => routeOf(target).exchange !== ''

function routeOf({ address, channelBindings }: Target): {
  exchange: string
  routingKey: string
  queue: string
} {
  const binding = isObject(channelBindings['amqp']) ? channelBindings['amqp'] : {}
  const named = (value: unknown) =>
    isObject(value) && typeof value['name'] === 'string' ? value['name'] : undefined
  if (binding['is'] === 'routingKey') {
    const exchange = named(binding['exchange'])
    if (!exchange)
      throw fault(
        'configuration',
        `The channel ${address} is a routing key, and its binding names no exchange.`,
      )
    return { exchange, routingKey: address, queue: '' }
  }
  const queue = named(binding['queue']) ?? address
  return { exchange: '', routingKey: queue, queue }
}

const operationBinding = ({ operationBindings }: Target): JsonObject =>
  isObject(operationBindings['amqp']) ? operationBindings['amqp'] : {}

function arrivalOf(message: GetMessage, channel: Channel, target: Target): Arrival {
  // The client's types say `any` of what any sender may have put there.
  const properties: unknown = message.properties
  const { contentType, correlationId, headers } = properties as { [name: string]: unknown }
  const texts = Object.entries(headers ?? {}).map(([name, value]) => [name, textOf(value)])
  const received = {
    payload: message.content,
    headers: Object.fromEntries(texts) as { [name: string]: string },
    contentType: optionalText(contentType),
    correlationId: optionalText(correlationId),
  }
  return {
    message: inbound(received, target.contentType, target.correlation),
    acknowledge: async () => channel.ack(message),
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
const optionalText = (value: unknown) => (typeof value === 'string' ? value : undefined)

interface Session {
  readonly model: ChannelModel
  /** As `work`, but ends when the connection or channel does, or the call is cancelled. */
  guarded<T>(work: Promise<T>, what: string, signal?: AbortSignal): Promise<T>
  /** Ends whatever is guarded with this. */
  readonly lose: (reason: unknown) => void
  close(): Promise<void>
}

async function connect(target: Target, context: ActivityContext): Promise<Session> {
  const { connect: open } = await library('amqplib', 'amqp', () => import('amqplib'))
  const { server, credentials, rules } = target
  const what = `AMQP broker ${shown(target, 'amqp')}`
  let lost: (reason: unknown) => void = () => {}
  const gone = new Promise<never>((_, reject) => (lost = reject))
  gone.catch(() => {})
  const guarded = async <T>(work: Promise<T>, doing: string, signal = context.signal): Promise<T> => {
    let stop = () => {}
    const aborted = new Promise<never>((_, reject) => {
      const onAbort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      stop = () => signal.removeEventListener('abort', onAbort)
    })
    try {
      return await Promise.race([work, gone, aborted])
    } catch (error) {
      throw signal.aborted ? signal.reason : asFault(error, doing)
    } finally {
      stop()
      work.catch(() => {})
    }
  }
  const opening = open(
    {
      protocol: server.secure ? 'amqps' : 'amqp',
      hostname: server.host,
      port: server.port ?? (server.secure ? 5671 : 5672),
      // RabbitMQ takes an OAuth 2 token as the password, whatever the name.
      username: credentials.username ?? (credentials.token === undefined ? 'guest' : 'token'),
      password: credentials.password ?? credentials.token ?? 'guest',
      vhost: server.path === '' ? '/' : decodeURIComponent(server.path.slice(1)),
      heartbeat: 30,
    },
    {
      lookup: rules.lookup,
      timeout: target.http.connectTimeoutMs ?? 10_000,
      ...(server.secure && rules.tls(server.host)),
    },
  )
  // One that comes too late is not left open.
  opening.then(
    (late) => {
      if (context.signal.aborted) late.close().catch(() => {})
    },
    () => {},
  )
  const model = await guarded(opening, what)
  model.on('error', (error) => lost(error))
  model.on('close', (error?: unknown) => lost(error ?? new Error('the connection was closed')))
  return { model, guarded, lose: lost, close: () => model.close().catch(() => {}) }
}

function asFault(error: unknown, what: string) {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string }
  if (code === 404 || /NOT_FOUND/.test(message)) return refusedFault(what, 404, message)
  if (code === 403 || /ACCESS_REFUSED|ACCESS-REFUSED/.test(message)) {
    return refusedFault(what, /login|Handshake/i.test(message) ? 401 : 403, message)
  }
  return isFault(error) ? error : brokerFault(what, error)
}
