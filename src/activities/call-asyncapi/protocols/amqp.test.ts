import { connect, type ChannelModel } from 'amqplib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  rabbitmqServer,
  startRabbitmq,
  type RunningRabbitmq,
} from '../../../../test/servers/brokers/rabbitmq.ts'
import { faultOf } from '../../../http/testing/index.ts'
import type { JsonObject } from '../../../workflow/index.ts'
import { openCaller, twoWays, type Caller } from '../testing/index.ts'
import { protocolSuite } from '../testing/protocol-suite.ts'

const authentication = { basic: { username: 'me', password: 'secret' } }

const openAdmin = ({ port }: RunningRabbitmq) =>
  connect({ hostname: '127.0.0.1', port, username: 'me', password: 'secret' })

const start = async () => {
  const server = await startRabbitmq()
  const admin = await openAdmin(server)
  admin.on('error', () => {})
  await (await admin.createChannel()).assertQueue('things')
  return {
    parts: { protocol: 'amqp', port: server.port, address: 'things' },
    authentication,
    // A queue keeps what comes before anybody takes it.
    watch: () => () => Promise.resolve(),
    kill: () => server.kill(),
    close: () => server.close(),
  }
}
protocolSuite('AMQP', start, { headers: true, skip: !rabbitmqServer })

describe.skipIf(!rabbitmqServer)('over AMQP', () => {
  let server: RunningRabbitmq
  let admin: ChannelModel
  let caller: Caller
  beforeAll(async () => {
    server = await startRabbitmq()
    admin = await openAdmin(server)
  }, 60_000)
  afterAll(async () => {
    await admin?.close()
    await server?.close()
  })
  beforeEach(async () => (caller = await openCaller()))
  afterEach(() => caller.close())

  const document = (address: string, more: { channel?: JsonObject; message?: JsonObject } = {}) =>
    twoWays({ protocol: 'amqp', port: server.port, address, ...more })
  const put = (to: object, message: object) =>
    caller.call(to, { operation: 'put', message, authentication }) as Promise<null>
  const next = (from: object, index: number, whenRecorded?: (then: () => void) => void) =>
    caller.call(
      from,
      {
        operation: 'take',
        subscription: { consume: { amount: 1 }, next: { index, position: null } },
        authentication,
      },
      { key: `/do/0/each/message[${index}]`, ...(whenRecorded && { whenRecorded }) },
    ) as Promise<JsonObject>
  const routed = (key: string) =>
    document(key, { channel: { bindings: { amqp: { is: 'routingKey', exchange: { name: 'towns' } } } } })

  it('a message is published with content type, headers and a correlation id, to be kept on disk', async () => {
    const channel = await admin.createChannel()
    await channel.assertQueue('letters')
    const message = { correlationId: { location: '$message.payload#/case' } }
    await put(document('letters', { message }), { payload: { case: 17 }, headers: { town: 'Vejle' } })
    const got = await channel.get('letters', { noAck: true })
    expect(got && got.properties).toMatchObject({
      contentType: 'application/json',
      correlationId: '17',
      deliveryMode: 2,
      headers: { town: 'Vejle' },
      messageId: 'run-1/do/0/task',
    })
  })

  it('a queue that does not exist is a fault with status 404, for both ways', async () => {
    expect(await faultOf(put(document('nowhere'), { payload: {} }))).toMatchObject({ status: 404 })
    expect(await faultOf(next(document('nowhere'), 0))).toMatchObject({ status: 404 })
  })

  it('what is not recorded by the run is given again, and what is recorded is not', async () => {
    const channel = await admin.createChannel()
    await channel.assertQueue('orders')
    await put(document('orders'), { payload: { n: 1 } })
    await put(document('orders'), { payload: { n: 2 } })
    expect(await next(document('orders'), 0)).toMatchObject({ message: { payload: { n: 1 } } })
    await caller.restart()
    const first = next(document('orders'), 0, (then) => then())
    expect(await first).toMatchObject({ message: { payload: { n: 1 } } })
    await caller.restart()
    expect(await next(document('orders'), 1)).toMatchObject({ message: { payload: { n: 2 } } })
  })

  it('of several taken at once none is acknowledged before all are recorded', async () => {
    const channel = await admin.createChannel()
    await channel.assertQueue('several')
    for (const n of [1, 2]) await put(document('several'), { payload: { n } })
    const take = (whenRecorded: (then: () => void) => void) =>
      caller.call(
        document('several'),
        { operation: 'take', subscription: { consume: { amount: 2 } }, authentication },
        { whenRecorded },
      )
    expect(await take(() => {})).toHaveLength(2)
    await caller.restart()
    expect(await take((then) => then())).toHaveLength(2)
    await caller.restart()
    expect((await channel.checkQueue('several')).messageCount).toBe(0)
  })

  it('a routing key with a pattern takes what its exchange gives, also while nothing runs', async () => {
    const channel = await admin.createChannel()
    await channel.assertExchange('towns', 'topic')
    const message = (n: number) => put(routed('town.odense'), { payload: { n } })
    expect(await faultOf(message(0))).toMatchObject({ status: 404 })
    const first = next(routed('town.{name}'), 0, (then) => then())
    await expect.poll(() => message(1).catch(() => false), { timeout: 20_000 }).toBeNull()
    expect(await first).toMatchObject({ message: { payload: { n: 1 } } })
    await caller.restart()
    await message(2)
    expect(await next(routed('town.{name}'), 1)).toMatchObject({ message: { payload: { n: 2 } } })
    const end = { subscription: { next: { index: 2, position: null, end: true } } }
    await caller.call({}, end, { key: '/do/0/each/message[2]' })
    expect(await faultOf(message(3))).toMatchObject({ status: 404 })
  })
})
