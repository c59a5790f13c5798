import { afterAll, beforeAll, describe, expect } from 'vitest'
import { twoWays } from '../../../src/activities/call-asyncapi/testing/index.ts'
import { startHttpHub, type HttpHub } from '../../servers/brokers/http-hub.ts'
import { startMqtt, type RunningMqtt } from '../../servers/brokers/mqtt.ts'
import { waitUntil } from '../../servers/brokers/program.ts'
import { feature } from '../feature.ts'
import { useHarness } from './harness.ts'

/** dsl-reference.md, "AsyncAPI Call": by an HTTP service and an MQTT broker. All protocols: `call-asyncapi/protocols`. */
describe('asyncapi', () => {
  const { output, error, run } = useHarness()
  let hub: HttpHub
  let broker: RunningMqtt
  beforeAll(async () => {
    hub = await startHttpHub()
    broker = await startMqtt()
  })
  afterAll(async () => {
    await hub?.close()
    await broker?.close()
  })

  const files = () => ({
    'http.json': JSON.stringify(twoWays({ protocol: 'http', port: hub.port, address: '/things' })),
    'mqtt.json': JSON.stringify(twoWays({ protocol: 'mqtt', port: broker.port, address: 'things' })),
  })
  const call = (name: string, given: object) => ({
    [name]: {
      call: 'asyncapi',
      with: { document: { endpoint: 'file:mqtt.json' }, ...given },
    },
  })
  const take = (subscription: object) => [call('take', { operation: 'take', subscription })]
  /** Publishes as soon as one more has subscribed. */
  const publishing = async (...numbers: number[]) => {
    const before = broker.subscribed.length
    await waitUntil(() => broker.subscribed.length > before)
    for (const n of numbers) await broker.publish('things', JSON.stringify({ n }))
  }

  feature(
    'asyncapi.publish',
    'a message has its payload and headers from the data, and gives null',
    async () => {
      const message = { payload: { n: '${ .n }' }, headers: { 'x-town': '${ .town }' } }
      const tasks = [call('put', { document: { endpoint: 'file:http.json' }, operation: 'put', message })]
      expect(await output(tasks, { files: files(), input: { n: 3, town: 'Vejle' } })).toBeNull()
      expect(hub.published.at(-1)).toMatchObject({ body: '{"n":3}', headers: { 'x-town': 'Vejle' } })
    },
  )

  feature('asyncapi.publish', 'a document that cannot be used is an error at the task', async () => {
    const tasks = [call('put', { operation: 'unknown', message: { payload: {} } })]
    expect(await error(tasks, { files: files() })).toMatchObject({ status: 400, instance: '/do/0/put' })
  })

  feature('asyncapi.subscribe', 'an amount of messages that the filter takes is the output', async () => {
    const subscription = { filter: '${ .payload.n > $input.over }', consume: { amount: 2 } }
    const taken = output(take(subscription), { files: files(), input: { over: 1 } })
    await publishing(1, 2, 3, 4)
    expect(await taken).toMatchObject([{ payload: { n: 2 } }, { payload: { n: 3 } }])
  })

  feature('asyncapi.subscribe', 'while is asked after each message, of all of them', async () => {
    const taken = output(take({ consume: { while: '${ length < 2 }' } }), { files: files() })
    await publishing(1, 2, 3)
    expect(await taken).toHaveLength(2)
  })

  feature('asyncapi.subscribe', 'until is asked before each message, of all of them', async () => {
    const tasks = take({ consume: { until: '${ any(.[]; .payload.n == 2) }' } })
    const taken = output(tasks, { files: files() })
    await publishing(1, 2, 3)
    expect(await taken).toHaveLength(2)
  })

  feature('asyncapi.subscribe', 'for bounds the time, and what came by then is the output', async () => {
    const tasks = take({ consume: { amount: 9, for: { milliseconds: 50 } } })
    expect(await output(tasks, { files: files() })).toEqual([])
  })

  feature('asyncapi.foreach', 'the tasks run once per message, in order, before the next one', async () => {
    const foreach = {
      item: 'message',
      at: 'place',
      do: [
        { double: { set: { at: '${ $place }', double: '${ $message.payload.n * 2 }' } } },
        { tell: { emit: { event: { with: { type: 'told', data: '${ . }' } } }, output: { as: '.data' } } },
      ],
      export: { as: '${ ($context // 0) + $output.double }' },
    }
    const running = run(
      [
        ...take({ consume: { while: '${ $context < 12 }' }, foreach }),
        { sum: { set: { outputs: '${ . }', sum: '${ $context }' } } },
      ],
      { files: files() },
    )
    await publishing(1, 2, 3, 4)
    const ended = await running
    expect(ended.output).toEqual({
      sum: 12,
      outputs: [
        { at: 0, double: 2 },
        { at: 1, double: 4 },
        { at: 2, double: 6 },
      ],
    })
    expect(ended.emitted.map(({ data }) => data)).toEqual((ended.output as { outputs: unknown }).outputs)
  })

  feature(
    'asyncapi.foreach',
    'an error of its tasks is the error of the call, and can be caught',
    async () => {
      const foreach = { do: [{ fail: { raise: { error: { type: 'https://test.dk/no', status: 409 } } } }] }
      const tasks = [
        {
          attempt: {
            try: take({ consume: { amount: 1 }, foreach }),
            catch: { do: [{ said: { set: '${ $error.status }' } }] },
          },
        },
      ]
      const said = output(tasks, { files: files() })
      await publishing(1)
      expect(await said).toBe(409)
    },
  )
})
