import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect as connectTo, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasNats, startNats, type MessageServer } from '../../../test/servers/messaging/index.ts'
import { faultOf } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { nats } from './index.ts'

describe.skipIf(!hasNats())('with a real server', () => {
  let server: MessageServer
  let host: TestHost
  let client: NatsConnection
  let manager: JetStreamManager
  beforeAll(async () => {
    server = await startNats()
    host = createHost()
    client = await connectTo({ servers: `127.0.0.1:${server.port}`, token: 'hemmelig' })
    manager = await jetstreamManager(client)
    await manager.streams.add({ name: 'people', subjects: ['people.>'] })
  })
  afterAll(async () => {
    await client?.close()
    await server?.stop()
    await host?.close()
  })
  const { signal } = new AbortController()
  const open = (more: { [key: string]: string } = {}) =>
    connect(nats, { natsURL: `nats://127.0.0.1:${server.port}`, token: 'hemmelig', ...more }, host)
  const put = async (subject: string, values: readonly Json[]) => {
    for (const value of values) await jetstream(client).publish(subject, JSON.stringify(value))
  }
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
    'JetStream',
    async () => ({
      open,
      close: async () => {},
      source: {
        async put(records) {
          const subject = `people.in${(number += 1)}`
          await put(subject, records)
          return { subject }
        },
      },
      target: {
        modes: ['append'],
        async clear() {
          await manager.streams.purge('people', { filter: 'people.out' })
          return { subject: 'people.out' }
        },
        contents: async () => (await read({ subject: 'people.out' })).records,
      },
      broken: [
        { open: () => open({ token: 'wrong' }), says: /did not let us in/ },
        { open: () => open({ natsURL: 'nats://127.0.0.1:1' }), says: /refused the connection/ },
      ],
    }),
    { source: true, modes: ['append'], parallel: ['append'] },
  )

  test('a read gives what came after the last, also where other subjects had messages meanwhile', async () => {
    await put('people.new', [1, 2])
    const options = { subject: 'people.new' }
    const first = await read(options)
    await put('people.other', ['x'])
    const nothing = await read(options, first.position)
    expect([first.records, nothing.records]).toEqual([[1, 2], []])
    await put('people.new', [3])
    expect((await read(options, nothing.position)).records).toEqual([3])
    expect((await read({ ...options, read: 'all' }, first.position)).records).toEqual([1, 2, 3])
  })

  test('a record that is sent again is kept once', async () => {
    await manager.streams.purge('people', { filter: 'people.once' })
    const connection = open()
    const target = connection.target?.({ subject: 'people.once' })
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const request = {
        mode: 'append' as const,
        key: [],
        deliveryId: 'd',
        state: null,
        concurrency: 1,
        signal,
      }
      const delivery = await target?.begin(request)
      await delivery?.write(batch([{ n: 100 }, { n: 101 }], 100), signal)
      await delivery?.finish(signal)
    }
    await connection.close()
    expect((await read({ subject: 'people.once' })).records).toEqual([{ n: 100 }, { n: 101 }])
  })

  test('a queue is emptied of what is durable, and of nothing that came later', async () => {
    await put('people.queue', [1, 2])
    const connection = open()
    const source = connection.source?.({ subject: 'people.queue', purge: true, read: 'all' })
    const found = await readAll(source as never, null, signal)
    await put('people.queue', [3])
    await source?.confirm?.(found.at(-1)?.position ?? null, signal)
    await source?.confirm?.(found.at(-1)?.position ?? null, signal)
    await connection.close()
    expect((await read({ subject: 'people.queue', read: 'all' })).records).toEqual([3])
  })

  test('a subject that no stream has is told', async () => {
    expect((await faultOf(read({ subject: 'nobody' }))).detail).toMatch(
      /No stream of tested has the subject nobody/,
    )
  })
})
