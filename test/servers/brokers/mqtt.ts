/** MQTT brokers on loopback: Aedes in this process (3.1.1), Mosquitto as a process (5). */
import { Aedes } from 'aedes'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import { findProgram, startProgram, type Program } from './program.ts'

export interface RunningMqtt {
  readonly port: number
  readonly published: { topic: string; payload: string; qos: number; retain: boolean }[]
  /** Topics that clients have subscribed to so far. */
  readonly subscribed: string[]
  /** How many messages clients have acknowledged so far. */
  acknowledged(): number
  publish(topic: string, text: string): Promise<void>
  close(): Promise<void>
}

/** With credentials it lets nobody else in. `forbidden/#` may be neither published nor subscribed to. */
export async function startMqtt(credentials?: { username: string; password: string }): Promise<RunningMqtt> {
  const broker = await Aedes.createBroker()
  const published: RunningMqtt['published'] = []
  const subscribed: string[] = []
  broker.authenticate = (_client, username, password, done) => {
    const allowed =
      !credentials || (username === credentials.username && password?.toString() === credentials.password)
    done(allowed ? null : Object.assign(new Error('not allowed'), { returnCode: 5 }), allowed)
  }
  broker.authorizeSubscribe = (_client, subscription, done) =>
    done(null, subscription.topic.startsWith('forbidden') ? null : subscription)
  broker.on('publish', ({ topic, payload, qos, retain }, client) => {
    if (client) published.push({ topic, payload: payload.toString(), qos, retain })
  })
  broker.on('subscribe', (subscriptions) => subscribed.push(...subscriptions.map(({ topic }) => topic)))
  let acknowledged = 0
  broker.on('ack', () => (acknowledged += 1))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    broker.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    published,
    subscribed,
    acknowledged: () => acknowledged,
    publish: (topic, text) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload: text, qos: 1, dup: false, retain: false } as const
        broker.publish(packet, (error) => (error ? reject(error) : resolve()))
      }),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => broker.close(() => resolve()))
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const mosquitto = findProgram('mosquitto')

export interface RunningMosquitto extends Program {
  readonly port: number
  /** How many have subscribed so far. */
  subscriptions(): number
}

/** Lets in `me` with the password `secret`. With `tls`, over TLS alone. */
export async function startMosquitto(tls?: { certificate: string; key: string }): Promise<RunningMosquitto> {
  const port = await freePort()
  const program = await startProgram(port, async (folder) => {
    const path = (name: string) => join(folder, name)
    await promisify(execFile)('mosquitto_passwd', ['-b', '-c', path('passwords'), 'me', 'secret'])
    if (tls) await writeFile(path('certificate.pem'), tls.certificate)
    if (tls) await writeFile(path('key.pem'), tls.key)
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous false',
      `password_file ${path('passwords')}`,
      ...(tls ? [`certfile ${path('certificate.pem')}`, `keyfile ${path('key.pem')}`] : []),
      // Started as root it would become another user, who may not read this folder.
      `user ${userInfo().username}`,
    ]
    await writeFile(path('mosquitto.conf'), lines.join('\n'))
    return { command: mosquitto as string, args: ['-c', path('mosquitto.conf')] }
  })
  const counted = await countSubscriptions(port)
  return {
    ...program,
    port: counted.port,
    subscriptions: counted.count,
    async close() {
      await counted.close()
      await program.close()
    },
  }
}

/** Passes everything on to a broker, and counts its answers to subscriptions: it tells nobody of them reliably. */
async function countSubscriptions(brokerPort: number) {
  const acknowledgement = 9
  let count = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const broker = connect(brokerPort, '127.0.0.1')
    for (const [one, other] of [
      [socket, broker],
      [broker, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
    broker.on('data', ([first = 0]) => {
      if (first >> 4 === acknowledgement) count += 1
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
