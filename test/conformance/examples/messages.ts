import { connect } from '@nats-io/transport-node'
import type { Json, JsonObject } from '../../../src/workflow/index.ts'
import { startHttpHub } from '../../servers/brokers/http-hub.ts'
import { startMqtt } from '../../servers/brokers/mqtt.ts'
import { natsServer, startNats } from '../../servers/brokers/nats.ts'
import { waitUntil } from '../../servers/brokers/program.ts'
import { startWebsocketHub } from '../../servers/brokers/websocket-hub.ts'

/** What an example's AsyncAPI document leads to: a real server, and what it sends to who has subscribed. */
export interface Messages {
  readonly over: 'http' | 'mqtt' | 'nats' | 'ws'
  /** The example names a channel, as version 2 has them, not an operation. */
  readonly version?: 2
  readonly send: readonly JsonObject[]
}

export interface RunningMessages {
  /** What the host of the document answers. */
  readonly document: Json
  /** Resolves when all has been sent, and acknowledged where that can be seen. */
  readonly sent: Promise<void>
  close(): Promise<void>
}

/** The server's program is not installed. */
export const isMissing = (messages: Messages | undefined) => messages?.over === 'nats' && !natsServer

export async function startMessages({ over, version, send }: Messages): Promise<RunningMessages> {
  const { port, subscribed, publish, close } = await servers[over]()
  const sending = async () => {
    await waitUntil(subscribed)
    await publish(send.map((payload) => JSON.stringify(payload)))
  }
  return {
    document: version === 2 ? version2(over, port) : version3(over, port),
    // What cannot be sent to a server that is closed already is no longer wanted.
    sent: sending().catch(() => {}),
    close,
  }
}

interface Server {
  readonly port: number
  subscribed(): boolean | Promise<boolean>
  publish(texts: readonly string[]): Promise<void>
  close(): Promise<void>
}

const address = 'notifications'

const servers: { readonly [protocol in Messages['over']]: () => Promise<Server> } = {
  async http() {
    const hub = await startHttpHub()
    const publish = async (texts: readonly string[]) => texts.forEach((text) => hub.publish(text))
    return { ...hub, subscribed: () => hub.listeners.length > 0, publish }
  },
  async ws() {
    const hub = await startWebsocketHub()
    const publish = async (texts: readonly string[]) => texts.forEach((text) => hub.publish(text))
    return { ...hub, subscribed: () => hub.handshakes.length > 0, publish }
  },
  async mqtt() {
    const broker = await startMqtt()
    const publish = async (texts: readonly string[]) => {
      for (const text of texts) await broker.publish(address, text)
      await waitUntil(() => broker.acknowledged() >= texts.length)
    }
    return { ...broker, subscribed: () => broker.subscribed.length > 0, publish }
  },
  async nats() {
    const server = await startNats({ open: true })
    const before = await server.subscriptions()
    const publish = async (texts: readonly string[]) => {
      const connection = await connect({ port: server.port })
      for (const text of texts) connection.publish(address, text)
      await connection.drain()
    }
    const subscribed = async () => (await server.subscriptions()) > before
    return { port: server.port, subscribed, publish, close: () => server.close() }
  },
}

const message = { contentType: 'application/json' }

const version3 = (protocol: string, port: number): Json => ({
  asyncapi: '3.0.0',
  info: { title: 'Notifications', version: '1' },
  servers: { local: { host: `127.0.0.1:${port}`, protocol } },
  channels: { notifications: { address, messages: { notification: message } } },
  operations: { getNotifications: { action: 'receive', channel: { $ref: '#/channels/notifications' } } },
})

const version2 = (protocol: string, port: number): Json => ({
  asyncapi: '2.6.0',
  info: { title: 'Notifications', version: '1' },
  servers: { local: { url: `127.0.0.1:${port}`, protocol } },
  channels: { [`/${address}`]: { subscribe: { message } } },
})

/** The document of the example that publishes: over HTTP, to the same host. */
export const petsDocument: Json = {
  asyncapi: '3.0.0',
  info: { title: 'Pets', version: '1' },
  servers: {
    production: { host: 'fake.com', pathname: '/production', protocol: 'https' },
    staging: { host: 'fake.com', pathname: '/staging', protocol: 'https' },
  },
  channels: { pets: { address: '/pets', messages: { pet: message } } },
  operations: { findPetsByStatus: { action: 'send', channel: { $ref: '#/channels/pets' } } },
}
