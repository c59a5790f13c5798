import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startHttpHub, type HttpHub } from '../../../../test/servers/brokers/http-hub.ts'
import { serve } from '../../../http/testing/index.ts'
import type { JsonObject } from '../../../workflow/index.ts'
import { openCaller, twoWays, type Caller } from '../testing/index.ts'
import { protocolSuite } from '../testing/protocol-suite.ts'
import { waitUntil } from '../../../../test/servers/brokers/program.ts'

const start = async () => {
  const hub = await startHttpHub('secret')
  return {
    parts: { protocol: 'http', port: hub.port, address: '/things' },
    authentication: { bearer: { token: 'secret' } },
    watch() {
      const before = hub.listeners.length
      return () => waitUntil(() => hub.listeners.length > before)
    },
    kill: () => hub.close(),
    close: async () => {},
  }
}
protocolSuite('HTTP', start, { headers: false })

describe('over HTTP', () => {
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
  const document = () => twoWays({ protocol: 'http', port: hub.port, address: '/things' })
  const put = (n: number) => caller.call(document(), { operation: 'put', message: { payload: { n } } })

  it('a message is sent once for one key, with its headers and content type', async () => {
    const message = { payload: { n: 1 }, headers: { 'x-kind': 'letter' } }
    await caller.call(document(), { operation: 'put', message })
    expect(hub.published[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-kind': 'letter',
      'idempotency-key': expect.any(String) as string,
    })
  })

  it('a stream that ends is taken up again where it was', async () => {
    const taking = caller.call(document(), { operation: 'take', subscription: { consume: { amount: 2 } } })
    await waitUntil(() => hub.listeners.length === 1)
    await put(1)
    hub.hangUp()
    await put(2)
    expect(await taking).toMatchObject([{ payload: { n: 1 } }, { payload: { n: 2 } }])
    expect(hub.listeners.slice(0, 2)).toEqual(['', '1'])
  })

  it('a subscription with foreach goes on after a restart from the position that the run recorded', async () => {
    const next = (index: number, position: unknown) =>
      caller.call(
        document(),
        { operation: 'take', subscription: { consume: { amount: 1 }, next: { index, position } } },
        { key: `/do/0/each/message[${index}]` },
      ) as Promise<JsonObject>
    const first = next(0, null)
    await waitUntil(() => hub.listeners.length === 1)
    await put(1)
    const { position } = await first
    await caller.restart()
    await put(2)
    expect(await next(1, position)).toMatchObject({ message: { payload: { n: 2 } } })
  })

  it('lines of JSON are a message each, and any other answer is one', async () => {
    const answers = ['{"n":1}\n{"n":2}\n', '{"n":3}']
    const server = await serve((_, response) => {
      const [lines, whole] = [answers.length === 2, answers.shift() ?? '']
      response.setHeader('content-type', lines ? 'application/x-ndjson' : 'application/json')
      response.end(whole)
    })
    const port = Number(new URL(server.origin).port)
    const taking = caller.call(twoWays({ protocol: 'http', port, address: 'things' }), {
      operation: 'take',
      subscription: { consume: { amount: 3 } },
    })
    expect(await taking).toMatchObject([1, 2, 3].map((n) => ({ payload: { n } })))
    await server.close()
  })
})
