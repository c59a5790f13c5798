import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { natsServer, startNats, type RunningNats } from '../../../../test/servers/brokers/nats.ts'
import { waitUntil } from '../../../../test/servers/brokers/program.ts'
import { faultOf } from '../../../http/testing/index.ts'
import { openCaller, twoWays, type Caller } from '../testing/index.ts'
import { protocolSuite } from '../testing/protocol-suite.ts'

const authentication = { basic: { username: 'me', password: 'secret' } }

const start = async () => {
  const server = await startNats()
  return {
    parts: { protocol: 'nats', port: server.port, address: 'things' },
    authentication,
    watch() {
      const before = server.subscriptions()
      return () => waitUntil(async () => (await server.subscriptions()) > (await before))
    },
    kill: () => server.kill(),
    close: () => server.close(),
  }
}
protocolSuite('NATS', start, { headers: true, skip: !natsServer })

describe.skipIf(!natsServer)('over NATS', () => {
  let server: RunningNats
  let caller: Caller
  beforeEach(async () => {
    server = await startNats()
    caller = await openCaller()
  })
  afterEach(async () => {
    await caller.close()
    await server.close()
  })
  const document = (address: string, channel = {}) =>
    twoWays({ protocol: 'nats', port: server.port, address, channel })

  it('a parameter of the address comes from the message, and is any where messages are taken', async () => {
    const parameters = { town: { location: '$message.payload#/town' } }
    const things = document('things.{town}', { parameters })
    const before = await server.subscriptions()
    const taking = caller.call(things, {
      operation: 'take',
      subscription: { consume: { amount: 2 } },
      authentication,
    })
    await waitUntil(async () => (await server.subscriptions()) > before)
    for (const town of ['odense', 'vejle']) {
      await caller.call(things, { operation: 'put', message: { payload: { town } }, authentication })
    }
    expect(await taking).toMatchObject([
      { payload: { town: 'odense' }, headers: { subject: 'things.odense' } },
      { payload: { town: 'vejle' }, headers: { subject: 'things.vejle' } },
    ])
  })

  it('what the server does not allow is refused with status 403', async () => {
    const forbidden = document('forbidden.things')
    const put = caller.call(forbidden, { operation: 'put', message: { payload: {} }, authentication })
    expect(await faultOf(put)).toMatchObject({ status: 403 })
    const subscription = { consume: { amount: 1 } }
    const take = caller.call(forbidden, { operation: 'take', subscription, authentication })
    expect(await faultOf(take)).toMatchObject({ status: 403 })
  })

  it('a server without TLS is not spoken to where the document asks for TLS', async () => {
    const secured = twoWays({ protocol: 'tls', port: server.port, address: 'things' })
    const put = caller.call(secured, { operation: 'put', message: { payload: {} }, authentication })
    expect((await faultOf(put)).type).toMatch(/communication$/)
  })
})
