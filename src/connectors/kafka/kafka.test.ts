import { Admin, Consumer, Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasKafka, startKafka, type MessageServer } from '../../../test/servers/messaging/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { kafka } from './index.ts'

describe.skipIf(!hasKafka())('with a real broker', () => {
  let server: MessageServer
  let host: TestHost
  let admin: Admin
  let producer: Producer
  let consumer: Consumer
  beforeAll(async () => {
    server = await startKafka()
    host = createHost()
    const common = { clientId: 'test', bootstrapBrokers: [`127.0.0.1:${server.port}`] }
    admin = new Admin(common)
    producer = new Producer(common)
    consumer = new Consumer({ ...common, groupId: 'test' })
    // It listens before it is ready to lead.
    for (let tries = 0; ; tries += 1) {
      const made = await newTopic('first').catch((error: unknown) => error)
      if (made === undefined) break
      if (tries > 100) throw made
      await new Promise((done) => setTimeout(done, 200))
    }
  }, 180_000)
  afterAll(async () => {
    await producer?.close().catch(() => {})
    await Promise.resolve(consumer?.close(true)).catch(() => {})
    await admin?.close().catch(() => {})
    await server?.stop()
    await host?.close()
  })
  const { signal } = new AbortController()
  const newTopic = async (name: string, partitions = 2): Promise<void> => {
    await admin.createTopics({ topics: [name], partitions, replicas: 1 })
    // Until it leads each partition what is sent to several of them is sent again, and one may have taken it.
    const leads = () => consumer.listOffsets({ topics: [name] }).then(() => true)
    while (!(await leads().catch(() => false))) await new Promise((done) => setTimeout(done, 50))
  }
  const open = (more: { [key: string]: string } = {}) =>
    connect(kafka, { brokers: `127.0.0.1:${server.port}`, disableTls: true, ...more }, host)
  const put = (topic: string, values: readonly Json[], partition = 0) =>
    producer.send({
      messages: values.map((value) => ({ topic, partition, value: Buffer.from(JSON.stringify(value)) })),
      acks: -1,
    })
  const read = async (options: JsonObject, since: Json = null) => {
    const connection = open()
    try {
      const found = await readAll(connection.source?.(options) as never, null, signal, { since })
      return { records: found.flatMap(({ records }) => records), position: found.at(-1)?.position ?? null }
    } finally {
      await connection.close()
    }
  }
  let number = 0

  connectorSuite(
    'Kafka',
    async () => {
      let topic = ''
      return {
        open,
        close: async () => {},
        source: {
          async put(records) {
            topic = `in-${(number += 1)}`
            await newTopic(topic)
            await put(topic, records)
            return { topic }
          },
        },
        target: {
          modes: ['append'],
          async clear() {
            topic = `out-${(number += 1)}`
            await newTopic(topic)
            return { topic }
          },
          contents: async () => (await read({ topic })).records,
        },
        broken: [{ open: () => open({ brokers: '127.0.0.1:1' }), says: /refused the connection/ }],
      }
    },
    { source: true, modes: ['append'], parallel: ['append'] },
  )

  test('a read gives what came after the last, of every partition', async () => {
    await newTopic('feed')
    await put('feed', [1, 2], 0)
    await put('feed', [10], 1)
    const first = await read({ topic: 'feed' })
    const nothing = await read({ topic: 'feed' }, first.position)
    await put('feed', [11], 1)
    const second = await read({ topic: 'feed' }, nothing.position)
    expect([[...first.records].sort(), nothing.records, second.records]).toEqual([[1, 10, 2], [], [11]])
    expect((await read({ topic: 'feed', read: 'all' }, second.position)).records).toHaveLength(4)
  })

  test('records of one key stay in order, and a message says where it came from', async () => {
    await newTopic('keyed')
    const connection = open()
    const delivery = await connection
      .target?.({ topic: 'keyed', keyMember: 'who' })
      .begin({ mode: 'append', key: [], deliveryId: 'd', state: null, concurrency: 1, signal })
    // Of one key there is one order, which is kept where one delivers.
    expect(delivery?.parallel).toBe(false)
    const records = Array.from({ length: 40 }, (_, n) => ({ who: n % 2 === 0 ? 'Åse' : 'Bo', n }))
    await delivery?.write(batch(records, 0), signal)
    await connection.close()
    const found = (await read({ topic: 'keyed', envelope: true })).records as {
      key: string
      value: { n: number }
    }[]
    for (const who of ['Åse', 'Bo']) {
      const numbers = found.filter(({ key }) => key === who).map(({ value }) => value.n)
      expect(numbers).toEqual(records.filter((it) => it.who === who).map(({ n }) => n))
    }
  })
})
