import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startHttpHub, type HttpHub } from '../../../test/servers/brokers/http-hub.ts'
import { waitUntil } from '../../../test/servers/brokers/program.ts'
import { faultOf } from '../../http/testing/index.ts'
import { openCaller, twoWays, type Caller } from './testing/index.ts'

let hub: HttpHub
let caller: Caller
beforeEach(async () => {
  hub = await startHttpHub()
  caller = await openCaller()
})
afterEach(async () => {
  await caller.close()
  await hub.close()
})

const document = (more: object = {}) => ({
  ...twoWays({ protocol: 'http', port: hub.port, address: '/things' }),
  ...more,
})
const message = { payload: { n: 1 } }
const put = { operation: 'put', message }
const refusal = async (of: object, given: object) => {
  const { type, detail } = await faultOf(caller.call(of, given))
  expect(type).toMatch(/(configuration|validation)$/)
  return detail
}

describe('a document', () => {
  it('of version 2 is called by its channel: publish to publish, subscribe to subscribe', async () => {
    const version2 = {
      asyncapi: '2.6.0',
      servers: { local: { url: `http://127.0.0.1:${hub.port}`, protocol: 'http' } },
      channels: {
        '/things': {
          publish: { message: { $ref: '#/components/messages/thing' } },
          subscribe: { message: { oneOf: [{ $ref: '#/components/messages/thing' }] } },
        },
        '/read-only': { subscribe: {} },
      },
      components: { messages: { thing: { contentType: 'application/vnd.thing+json' } } },
    }
    const taking = caller.call(version2, {
      channel: '/things',
      subscription: { consume: { amount: 1 } },
    })
    await waitUntil(() => hub.listeners.length === 1)
    await caller.call(version2, { channel: '/things', message })
    expect(hub.published[0]?.headers['content-type']).toBe('application/vnd.thing+json')
    expect(await taking).toMatchObject([message])
    expect(await refusal(version2, { channel: '/read-only', message })).toContain('publish')
    expect(await refusal(version2, { channel: '/nothing', message })).toContain('/read-only')
    expect(await refusal(version2, { operation: 'put', message })).toContain('channel')
  })

  it('of version 3 is called by its operation', async () => {
    expect(await caller.call(document(), put)).toBeNull()
    expect(await refusal(document(), { operation: 'none', message })).toContain('put, take')
    expect(await refusal(document(), { channel: 'things', message })).toContain('operation')
  })

  it('of any other version, or of none, is refused', async () => {
    expect(await refusal(document({ asyncapi: '1.2.0' }), put)).toContain('1.2.0')
    expect(await refusal({ openapi: '3.0.0' }, put)).toContain('AsyncAPI')
  })

  it('gives both a message and a subscription no call', async () => {
    expect(await refusal(document(), { ...put, subscription: { consume: { amount: 1 } } })).toContain(
      'either',
    )
  })
})

describe('the server', () => {
  const servers = () => ({
    elsewhere: { host: '127.0.0.1:1', protocol: 'kafka' },
    staging: {
      host: '127.0.0.1:{port}',
      pathname: '/{stage}',
      protocol: 'http',
      variables: { port: { default: String(hub.port) }, stage: { enum: ['test', 'live'] } },
    },
    dead: { host: '127.0.0.1:1', protocol: 'http' },
  })

  it('is the one that is named, with its variables', async () => {
    const server = { name: 'staging', variables: { stage: 'test' } }
    expect(await caller.call(document({ servers: servers() }), { ...put, server })).toBeNull()
  })

  it.each([
    [{}, 'needs a value'],
    [{ stage: 'other' }, 'one of test, live'],
    [{ stage: 'test', port: '1/../../x@evil' }, 'cannot stand in an address'],
  ])('is refused with variables %j', async (variables, reason) => {
    const server = { name: 'staging', variables }
    expect(await refusal(document({ servers: servers() }), { ...put, server })).toContain(reason)
  })

  it('is the first that speaks the protocol asked for, else the first; a protocol nobody speaks is refused', async () => {
    const { elsewhere, staging } = servers()
    const both = document({ servers: { elsewhere, here: { ...staging, pathname: '' } } })
    expect(await caller.call(both, { ...put, protocol: 'http' })).toBeNull()
    expect(await refusal(both, put)).toContain('kafka')
    expect(await refusal(both, { ...put, protocol: 'nats' })).toContain('elsewhere (kafka)')
    expect(await refusal(both, { ...put, server: { name: 'other' } })).toContain('other')
  })

  it('is among those of the channel alone, where it says which', async () => {
    const channels = {
      things: { address: '/things', servers: [{ $ref: '#/servers/here' }], messages: {} },
    }
    const { dead, staging } = servers()
    const two = document({ channels, servers: { dead, here: { ...staging, pathname: '' } } })
    expect(await caller.call(two, put)).toBeNull()
    expect(await refusal(two, { ...put, server: { name: 'dead' } })).toContain('here')
  })

  it('is not called where the installation does not allow its host', async () => {
    const strict = await openCaller({ deniedHosts: ['127.0.0.1'] })
    const { status } = await faultOf(strict.call(document(), put))
    expect(status).toBe(403)
    await strict.close()
  })
})

describe('a subscription', () => {
  it('that cannot be understood is refused before it is begun', async () => {
    const take = (subscription: object) => refusal(document(), { operation: 'take', subscription })
    expect(await take({ consume: {} })).toContain('consume')
    expect(await take({ consume: { amount: -1 } })).toContain('amount')
    expect(await take({ consume: { amount: 1, for: 'soon' } })).toContain('duration')
    expect(hub.listeners).toEqual([])
  })

  it('with an expression that fails ends with an `expression` error', async () => {
    const subscription = { filter: '${ .payload.n.m }', consume: { amount: 1 } }
    const taking = faultOf(caller.call(document(), { operation: 'take', subscription }))
    await waitUntil(() => hub.listeners.length === 1)
    await caller.call(document(), put)
    expect(await taking).toMatchObject({ status: 400, type: expect.stringMatching(/expression$/) as string })
  })

  it('counts its time from when it is subscribed, and gives what came until then', async () => {
    const subscription = { consume: { amount: 5, for: { milliseconds: 700 } } }
    const taking = caller.call(document(), { operation: 'take', subscription })
    await waitUntil(() => hub.listeners.length === 1)
    await caller.call(document(), put)
    expect(await taking).toMatchObject([message])
  })
})
