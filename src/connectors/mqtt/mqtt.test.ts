import { default as library, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasMosquitto, startMosquitto, type MessageServer } from '../../../test/servers/messaging/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { mqtt } from './index.ts'

describe.skipIf(!hasMosquitto())('with a real broker', () => {
  let server: MessageServer
  let host: TestHost
  let client: MqttClient
  const heard: { topic: string; value: string }[] = []
  beforeAll(async () => {
    server = await startMosquitto()
    host = createHost()
    client = await library.connectAsync(`mqtt://127.0.0.1:${server.port}`, {
      username: 'andeby',
      password: 'hemmelig',
    })
    client.on('message', (topic, payload) => void heard.push({ topic, value: payload.toString() }))
    await client.subscribeAsync('out/#', { qos: 1 })
  })
  afterAll(async () => {
    await client?.endAsync(true)
    await server?.stop()
    await host?.close()
  })
  const { signal } = new AbortController()
  const open = (more: { [key: string]: string } = {}) =>
    connect(
      mqtt,
      { url: `tcp://127.0.0.1:${server.port}`, username: 'andeby', password: 'hemmelig', ...more },
      host,
    )
  const put = async (topic: string, values: readonly (Json | string)[]) => {
    // The broker keeps messages for those only who have asked for them once.
    await read(topic)
    for (const value of values) {
      await client.publishAsync(topic, typeof value === 'string' ? value : JSON.stringify(value), { qos: 1 })
    }
  }
  const sourceOf = (topic: string, more: JsonObject = {}) => {
    const source = open().source?.({ topic, quietSeconds: 0.3, ...more })
    if (!source) throw new Error('no source')
    return source
  }
  const read = async (topic: string, more: JsonObject = {}) => {
    const source = sourceOf(topic, more)
    const found = await readAll(source, null, signal)
    await source.confirm?.(found.at(-1)?.position ?? null, signal)
    return found.flatMap(({ records }) => records)
  }
  let number = 0

  connectorSuite(
    'MQTT',
    async () => ({
      open,
      close: async () => {},
      source: {
        async put(records) {
          const topic = `in/${(number += 1)}`
          await put(topic, records)
          return { topic, quietSeconds: 0.3 }
        },
      },
      target: {
        modes: ['append'],
        async clear() {
          heard.length = 0
          return { topic: 'out/people' }
        },
        async contents() {
          await new Promise((done) => setTimeout(done, 100))
          return heard.map(({ value }) => JSON.parse(value) as Json)
        },
      },
      broken: [
        { open: () => open({ password: 'wrong' }), says: /did not let us in/ },
        { open: () => open({ url: 'tcp://127.0.0.1:1' }), says: /refused the connection/ },
      ],
    }),
    { source: true, modes: ['append'] },
  )

  test('what is not confirmed comes again, what came meanwhile comes after it', async () => {
    await put('in/kept', [1, 2])
    const source = sourceOf('in/kept')
    const first = await readAll(source, null, signal, { batchSize: 1 })
    expect(first.flatMap(({ records }) => records)).toEqual([1, 2])
    await client.publishAsync('in/kept', '3', { qos: 1 })
    const second = await readAll(source, null, signal, { batchSize: 1 })
    expect(second.flatMap(({ records }) => records)).toEqual([1, 2, 3])
    await source.confirm?.(second[1]?.position ?? null, signal)
    await source.confirm?.(second[1]?.position ?? null, signal)
    expect(await read('in/kept')).toEqual([3])
    expect(await read('in/kept')).toEqual([])
  })

  test('a message that is not JSON is bad alone; its envelope says where it came from', async () => {
    await put('in/odd/+', [])
    await client.publishAsync('in/odd/a', '{"a":1}', { qos: 1 })
    await client.publishAsync('in/odd/b', '{broken', { qos: 1 })
    const source = sourceOf('in/odd/+', { envelope: true })
    const batches = []
    for await (const each of source.read({ position: null, since: null, batchSize: 10, signal }))
      batches.push(each)
    expect(batches.flatMap(({ records }) => records ?? [])).toEqual([{ topic: 'in/odd/a', value: { a: 1 } }])
    expect(batches.flatMap(({ bad }) => bad)).toMatchObject([
      { raw: '{broken', origin: 'in/odd/+, message 2' },
    ])
  })

  test('a topic by member never becomes another', async () => {
    heard.length = 0
    const delivery = await open()
      .target?.({ topic: 'out/{to}', value: 'text' })
      .begin({ mode: 'append', key: [], deliveryId: 'd', state: null, concurrency: 1, signal })
    const records = [{ to: 'a', text: 'Hej' }, { to: '#', text: 'x' }, { text: 'x' }, { to: 'b' }]
    const refused = (await delivery?.write(batch(records, 0), signal))?.refused ?? []
    expect(refused.map(({ index }) => index)).toEqual([1, 2, 3])
    await new Promise((done) => setTimeout(done, 100))
    expect(heard).toEqual([{ topic: 'out/a', value: 'Hej' }])
  })
})
