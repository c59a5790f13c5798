import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { faultOf } from '../../../http/testing/index.ts'
import { fault, type Json, type JsonObject } from '../../../workflow/index.ts'
import { openCaller, twoWays, type Caller, type ServerParts } from './index.ts'

/** A real server and how to reach it. */
export interface Broker {
  readonly parts: ServerParts
  /** It lets in only this. */
  readonly authentication: Json
  /** Begins to look; what it gives resolves once one more has subscribed since. */
  watch(): () => Promise<void>
  /** Ends it at once. */
  kill(): Promise<void>
  close(): Promise<void>
}

export interface Abilities {
  /** Messages carry headers. */
  readonly headers: boolean
  /** The client does not learn why it was refused. */
  readonly mute?: boolean
  readonly skip?: boolean
}

/** What publishing and taking messages promise, whatever carries them. */
export function protocolSuite(name: string, start: () => Promise<Broker>, abilities: Abilities): void {
  describe.skipIf(abilities.skip === true)(`messages over ${name}`, () => {
    let broker: Broker
    let caller: Caller
    beforeAll(async () => (broker = await start()), 60_000)
    afterAll(() => broker.close())
    beforeEach(async () => (caller = await openCaller()))
    afterEach(() => caller.close())

    const withAccess = () => ({ authentication: broker.authentication })
    const put = (payload: object, more: object = {}) =>
      caller.call(twoWays(broker.parts), { operation: 'put', message: { payload, ...more }, ...withAccess() })
    /** Subscribed once this resolves; what it takes is in `messages`. */
    const take = async (subscription: object) => {
      const subscribed = broker.watch()
      const messages = caller.call(twoWays(broker.parts), {
        operation: 'take',
        subscription,
        ...withAccess(),
      }) as Promise<JsonObject[]>
      messages.catch(() => {})
      await subscribed()
      return { messages }
    }
    const payloads = async ({ messages }: { messages: Promise<JsonObject[]> }) =>
      (await messages).map(({ payload }) => payload)

    it('come as they were published, in order', async () => {
      const taking = await take({ consume: { amount: 3 } })
      for (const n of [1, 2, 3]) expect(await put({ n, text: 'æøå' })).toBeNull()
      expect(await payloads(taking)).toEqual([1, 2, 3].map((n) => ({ n, text: 'æøå' })))
    })

    const carryHeaders = async () => {
      const taking = await take({ consume: { amount: 1 } })
      await put({}, { headers: { kind: 'letter', count: 2 } })
      expect(await taking.messages).toMatchObject([{ headers: { kind: 'letter', count: '2' } }])
    }
    if (abilities.headers) it('carry headers', carryHeaders)

    it('are passed over where the filter does not take them', async () => {
      const variables = { input: { least: 2 } }
      const taking = await take({ filter: '.payload.n >= $input.least', variables, consume: { amount: 2 } })
      for (const n of [1, 2, 0, 3]) await put({ n })
      expect(await payloads(taking)).toEqual([{ n: 2 }, { n: 3 }])
    })

    it('are taken as long as a condition holds, asked after each', async () => {
      const taking = await take({ consume: { while: 'length < 2' } })
      for (const n of [1, 2]) await put({ n })
      expect(await payloads(taking)).toEqual([{ n: 1 }, { n: 2 }])
    })

    it('are taken until a condition holds, which sees all of them', async () => {
      const taking = await take({ consume: { until: '${ any(.[]; .payload.last) }' } })
      for (const n of [1, 2, 3]) await put({ n, last: n === 3 })
      expect(await taking.messages).toHaveLength(3)
    })

    it('are taken for a time, also where none comes', async () => {
      const taking = await take({ consume: { amount: 5, for: { milliseconds: 50 } } })
      expect(await taking.messages).toEqual([])
    })

    it('are taken one by one, and what comes between two requests is not missed', async () => {
      const next = (index: number) =>
        caller.call(
          twoWays(broker.parts),
          {
            operation: 'take',
            subscription: { consume: { amount: 1 }, next: { index, position: null } },
            ...withAccess(),
          },
          { key: `/do/0/each/message[${index}]` },
        )
      const subscribed = broker.watch()
      const first = next(0)
      await subscribed()
      for (const n of [1, 2, 3]) await put({ n })
      const all = [await first, await next(1), await next(2)] as JsonObject[]
      expect(all).toMatchObject([1, 2, 3].map((n) => ({ message: { payload: { n } } })))
      const end = { subscription: { next: { index: 3, position: null, end: true } } }
      expect(await caller.call({}, end, { key: '/do/0/each/message[3]' })).toBeNull()
    })

    it('are not taken any more where the call is cancelled', async () => {
      const controller = new AbortController()
      const subscribed = broker.watch()
      const taking = caller.call(
        twoWays(broker.parts),
        { operation: 'take', subscription: { consume: { amount: 1 } }, ...withAccess() },
        { signal: controller.signal },
      )
      await subscribed()
      controller.abort(fault('timeout', 'enough'))
      await expect(taking).rejects.toThrow()
    })

    it('are refused from whom the server does not know', async () => {
      const given = { operation: 'put', message: { payload: {} } }
      const problem = await faultOf(caller.call(twoWays(broker.parts), given))
      expect(problem.status).toBe(abilities.mute ? 500 : 401)
      expect(problem.type).toMatch(/communication$/)
    })

    // The last: nothing answers after it.
    it('are not published to, or taken from, a server that is gone', async () => {
      const taking = await take({ consume: { amount: 1 } })
      await broker.kill()
      const ended = name === 'HTTP' ? undefined : await faultOf(taking.messages)
      if (ended) expect(ended.type).toMatch(/communication$/)
      const problem = await faultOf(put({}))
      expect(problem.type).toMatch(/communication$/)
    }, 20_000)
  })
}
