import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { randomUUID } from 'node:crypto'
import type { IClientOptions, IConnackPacket, IPublishPacket, MqttClient } from 'mqtt'
import { fault, isObject } from '../../../workflow/index.ts'
import type { ActivityContext } from '../../activity.ts'
import { encodePayload, inbound } from '../messages.ts'
import { createInbox } from './inbox.ts'
import { library } from './library.ts'
import {
  brokerFault,
  brokerName,
  isFault,
  keptMs,
  refusedFault,
  shown,
  type Protocol,
  type Target,
} from './protocol.ts'

/**
 * MQTT 3.1.1 and 5. Quality of service and `retain` are those of the operation's binding, at least once unless it
 * says otherwise. Only version 5 carries headers (user properties) and a correlation id.
 */
const protocol = (name: 'mqtt' | 'mqtt5'): Protocol => ({
  name,
  wildcard: '+',
  ownCredentials: false,

  async publish(target, { payload, headers, correlationId }, context) {
    const five = isFive(name, target)
    if (!five && Object.keys(headers).length > 0) {
      throw fault(
        'configuration',
        'MQTT 3.1.1 carries no headers: leave them out, or let the server speak MQTT 5.',
      )
    }
    const { body, contentType } = encodePayload(payload, target.contentType)
    const { qos, retain } = bindingOf(name, target)
    const properties = {
      contentType,
      // An empty one would be written with a length that is wrong.
      ...(Object.keys(headers).length > 0 && { userProperties: { ...headers } }),
      ...(correlationId !== undefined && { correlationData: Buffer.from(correlationId) }),
    }
    const { client } = await connect(name, target, context)
    try {
      const options = { qos, retain, ...(five && { properties }) }
      await raced(client.publishAsync(target.address, body, options), client, target, context)
    } finally {
      await end(client)
    }
  },

  async subscribe(target, context, lasting) {
    const what = `Subscription to ${target.address} of ${shown(target, 'mqtt')}`
    const inbox = createInbox(what)
    const { qos } = bindingOf(name, target)
    // Without a session there is nobody who would give a message again: it is taken as soon as it comes.
    const kept = qos > 0 ? lasting : undefined
    let unacknowledged: (() => void) | undefined
    const session = kept && brokerName(kept, target.address)
    const { client, resumed } = await connect(name, target, context, {
      session,
      receive(packet, acknowledge) {
        const message = inbound(receivedOf(packet), target.contentType, target.correlation)
        if (!kept) acknowledge()
        else unacknowledged = acknowledge
        const told = async () => {
          // First: with it the next message may come at once.
          if (unacknowledged === acknowledge) unacknowledged = undefined
          if (kept) acknowledge()
        }
        inbox.push({ message, acknowledge: told }, packet.payload.length)
      },
    })
    client.on('error', (error) => inbox.end(brokerFault(what, error)))
    client.on('close', () => inbox.end(brokerFault(what, { message: 'the connection was closed' })))
    try {
      // A session that is taken up again has its subscription. Its answer would wait behind a message, too.
      if (!resumed) await raced(subscribed(client, target, qos, what), client, target, context)
    } catch (error) {
      await end(client)
      throw error
    }
    const forget = async () => {
      await end((await connect(name, target, context, { session, clean: true })).client)
    }
    return {
      next: inbox.next,
      async close(ended = false) {
        // A message that was not acknowledged stops all that comes after it: an end in good order, too.
        await end(client, unacknowledged !== undefined)
        if (kept && ended) await forget()
      },
    }
  },
})

export const mqtt = protocol('mqtt')
export const mqtt5 = protocol('mqtt5')

/** Resolves once the broker has taken the subscription on. */
async function subscribed(client: MqttClient, { address }: Target, qos: 0 | 1 | 2, what: string) {
  try {
    await client.subscribeAsync(address, { qos })
  } catch (error) {
    const { packet, message } = error as { packet?: { granted?: unknown }; message: string }
    throw Array.isArray(packet?.granted) ? refusedFault(what, 403, message) : error
  }
}

interface Taking {
  /** By which the broker knows it again. */
  readonly session: string | undefined
  /** What the broker has for the session is let go of. */
  readonly clean?: boolean
  /** The next message comes only when this one is acknowledged. */
  receive?(packet: IPublishPacket, acknowledge: () => void): void
}

interface Connected {
  readonly client: MqttClient
  /** The broker had the session. */
  readonly resumed: boolean
}

async function connect(
  name: string,
  target: Target,
  context: ActivityContext,
  { session, clean = session === undefined, receive }: Taking = { session: undefined },
): Promise<Connected> {
  const { MqttClient: Client } = await library('mqtt', 'mqtt', () => import('mqtt'))
  const { server, credentials, rules } = target
  const port = server.port ?? (server.secure ? 8883 : 1883)
  const five = isFive(name, target)
  const options: IClientOptions = {
    protocolVersion: five ? 5 : 4,
    clientId: session ?? `sluse-${randomUUID()}`.slice(0, 23),
    clean,
    ...(five && !clean && { properties: { sessionExpiryInterval: keptMs / 1000 } }),
    // Its answers would wait behind a message that is worked on; TCP notices a broker that is gone, too.
    keepalive: 0,
    // A lost connection is a fault: how often it is tried again is for the run to say.
    reconnectPeriod: 0,
    connectTimeout: target.http.connectTimeoutMs ?? 10_000,
    ...(credentials.token !== undefined && { username: 'token', password: credentials.token }),
    ...(credentials.username !== undefined && {
      username: credentials.username,
      password: credentials.password ?? '',
    }),
  }
  const where = { host: server.host, port, lookup: rules.lookup }
  const stream = () => {
    const socket = server.secure ? connectTls({ ...where, ...rules.tls(server.host) }) : connectTcp(where)
    socket.setKeepAlive(true, 30_000)
    return socket as unknown as ReturnType<ConstructorParameters<typeof Client>[0]>
  }
  const client = new Client(stream, options)
  // Before anything can come: a session gives what it holds as soon as it is taken up again.
  if (receive) client.handleMessage = receive
  client.on('error', () => {})
  try {
    const { sessionPresent } = await raced(connected(client), client, target, context)
    return { client, resumed: sessionPresent }
  } catch (error) {
    client.end(true)
    throw error
  }
}

const connected = (client: MqttClient) =>
  new Promise<IConnackPacket>((resolve) => {
    client.once('connect', resolve)
  })

/** As `work`, but ends when the connection does, or the call is cancelled. */
async function raced<T>(
  work: Promise<T>,
  client: MqttClient,
  target: Target,
  { signal }: ActivityContext,
): Promise<T> {
  const what = `MQTT broker ${shown(target, 'mqtt')}`
  let stop = () => {}
  const ended = new Promise<never>((_, reject) => {
    const onError = (error: Error & { code?: unknown }) => {
      // CONNACK says 4 or 5 (version 3.1.1), 134 or 135 (version 5) where it is about who we are.
      const refused = error.code === 4 || error.code === 5 || error.code === 134 || error.code === 135
      reject(refused ? refusedFault(what, 401, error.message) : brokerFault(what, error))
    }
    const onClose = () => reject(brokerFault(what, { message: 'the connection was closed' }))
    const onAbort = () => reject(signal.reason as Error)
    client.on('error', onError).on('close', onClose)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    stop = () => {
      client.off('error', onError).off('close', onClose)
      signal.removeEventListener('abort', onAbort)
    }
  })
  try {
    return await Promise.race([work, ended])
  } catch (error) {
    throw isFault(error) || signal.aborted ? error : brokerFault(what, error)
  } finally {
    stop()
    work.catch(() => {})
  }
}

/** How long a broker has for its part of an end in good order. */
const endMs = 2000

const end = (client: MqttClient, atOnce = false) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(() => client.stream.destroy(), endMs)
    client.end(atOnce, {}, () => {
      clearTimeout(timer)
      resolve()
    })
  })

const isFive = (name: string, { server }: Target) =>
  name === 'mqtt5' || /^5/.test(server.protocolVersion ?? '')

function bindingOf(name: string, { operationBindings }: Target): { qos: 0 | 1 | 2; retain: boolean } {
  const found = operationBindings[name] ?? operationBindings['mqtt']
  const { qos, retain } = isObject(found) ? found : {}
  return { qos: qos === 0 || qos === 2 ? qos : 1, retain: retain === true }
}

function receivedOf({ topic, payload, properties }: IPublishPacket) {
  const own = Object.entries(properties?.userProperties ?? {}).map(([key, value]) => [
    key,
    [value].flat().join(', '),
  ])
  return {
    payload: Buffer.from(payload),
    headers: { topic, ...(Object.fromEntries(own) as { [name: string]: string }) },
    contentType: properties?.contentType,
    correlationId: properties?.correlationData?.toString('utf8'),
  }
}
