import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  mosquitto,
  startMosquitto,
  startMqtt,
  type RunningMosquitto,
} from '../../../../test/servers/brokers/mqtt.ts'
import { waitUntil } from '../../../../test/servers/brokers/program.ts'
import { createTestAuthority } from '../../../../test/servers/internet/index.ts'
import { faultOf } from '../../../http/testing/index.ts'
import type { JsonObject } from '../../../workflow/index.ts'
import { openCaller, twoWays, type Caller } from '../testing/index.ts'
import { protocolSuite } from '../testing/protocol-suite.ts'

const authentication = { basic: { username: 'me', password: 'secret' } }

const start311 = async () => {
  const broker = await startMqtt({ username: 'me', password: 'secret' })
  return {
    parts: { protocol: 'mqtt', port: broker.port, address: 'things' },
    authentication,
    watch() {
      const before = broker.subscribed.length
      return () => waitUntil(() => broker.subscribed.length > before)
    },
    kill: () => broker.close(),
    close: async () => {},
  }
}
protocolSuite('MQTT 3.1.1', start311, { headers: false })

const start5 = async () => {
  const broker = await startMosquitto()
  return {
    parts: { protocol: 'mqtt', server: { protocolVersion: '5.0' }, port: broker.port, address: 'things' },
    authentication,
    watch() {
      const before = broker.subscriptions()
      return () => waitUntil(() => broker.subscriptions() > before)
    },
    kill: () => broker.kill(),
    close: () => broker.close(),
  }
}
protocolSuite('MQTT 5', start5, { headers: true, skip: !mosquitto })

describe('over MQTT 3.1.1', () => {
  let caller: Caller
  beforeEach(async () => (caller = await openCaller()))
  afterEach(() => caller.close())

  it('quality of service and retain are those of the binding, at least once unless it says so', async () => {
    const broker = await startMqtt()
    const put = (operation: JsonObject) =>
      caller.call(twoWays({ protocol: 'mqtt', port: broker.port, address: 'things', operation }), {
        operation: 'put',
        message: { payload: { n: 1 } },
      })
    await put({})
    await put({ bindings: { mqtt: { qos: 2, retain: true } } })
    await put({ traits: [{ bindings: { mqtt: { qos: 0 } } }] })
    expect(broker.published.map(({ qos, retain }) => [qos, retain])).toEqual([
      [1, false],
      [2, true],
      [0, false],
    ])
    await broker.close()
  })

  it('headers are refused, which it cannot carry, and so is a topic that the broker forbids', async () => {
    const broker = await startMqtt()
    const document = (address: string) => twoWays({ protocol: 'mqtt', port: broker.port, address })
    const put = caller.call(document('things'), { operation: 'put', message: { headers: { a: 'b' } } })
    expect((await faultOf(put)).detail).toContain('MQTT 5')
    const subscription = { consume: { amount: 1 } }
    const take = caller.call(document('forbidden'), { operation: 'take', subscription })
    expect(await faultOf(take)).toMatchObject({ status: 403 })
    await broker.close()
  })
})

describe.skipIf(!mosquitto)('over MQTT, with a broker that keeps sessions', () => {
  let broker: RunningMosquitto
  let caller: Caller
  beforeEach(async () => {
    broker = await startMosquitto()
    caller = await openCaller()
  })
  afterEach(async () => {
    await caller.close()
    await broker.close()
  })

  it.each([{ protocolVersion: '3.1.1' }, { protocolVersion: '5' }])(
    'a foreach misses nothing that comes while nothing runs, and gets again what was not recorded: %j',
    async (server) => {
      const document = twoWays({ protocol: 'mqtt', port: broker.port, address: 'things', server })
      const put = (n: number) =>
        caller.call(document, { operation: 'put', message: { payload: { n } }, authentication })
      const next = (index: number, whenRecorded?: (then: () => void) => void) =>
        caller.call(
          document,
          {
            operation: 'take',
            subscription: { consume: { amount: 1 }, next: { index, position: null } },
            authentication,
          },
          { key: `/do/0/each/message[${index}]`, ...(whenRecorded && { whenRecorded }) },
        )
      const before = broker.subscriptions()
      const first = next(0)
      await waitUntil(() => broker.subscriptions() > before)
      await put(1)
      expect(await first).toMatchObject({ message: { payload: { n: 1 } } })
      await caller.restart()
      await put(2)
      expect(await next(0)).toMatchObject({ message: { payload: { n: 1 } } })
      expect(await next(1, (then) => then())).toMatchObject({ message: { payload: { n: 2 } } })
      await caller.restart()
      await put(3)
      expect(await next(2)).toMatchObject({ message: { payload: { n: 3 } } })
    },
  )

  it('version 5 carries a correlation id from where the document says that it is', async () => {
    const parts = { protocol: 'mqtt', port: broker.port, address: 'things', server: { protocolVersion: '5' } }
    const correlated = { correlationId: { location: '$message.header#/case' } }
    const before = broker.subscriptions()
    const taking = caller.call(twoWays(parts), {
      operation: 'take',
      subscription: { filter: '.correlationId == "17"', consume: { amount: 1 } },
      authentication,
    })
    await waitUntil(() => broker.subscriptions() > before)
    const message = { payload: {}, headers: { case: '17' } }
    await caller.call(twoWays({ ...parts, message: correlated }), {
      operation: 'put',
      message,
      authentication,
    })
    expect(await taking).toMatchObject([{ correlationId: '17', headers: { topic: 'things' } }])
  })
})

describe.skipIf(!mosquitto)('over MQTT with TLS', () => {
  it('the broker is known by its certificate, or not spoken to', async () => {
    const authority = createTestAuthority()
    const broker = await startMosquitto(authority.issue('127.0.0.1'))
    const document = twoWays({ protocol: 'secure-mqtt', port: broker.port, address: 'things' })
    const put = { operation: 'put', message: { payload: {} }, authentication }
    const trusting = await openCaller({ trustedAuthorities: [authority.certificate] })
    expect(await trusting.call(document, put)).toBeNull()
    const stranger = await openCaller()
    expect((await faultOf(stranger.call(document, put))).type).toMatch(/communication$/)
    await trusting.close()
    await stranger.close()
    await broker.close()
  })
})
