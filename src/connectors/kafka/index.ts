/** Messages of Apache Kafka. Dapr calls the type `bindings.kafka`. */
import type { Consumer, Producer } from '@platformatic/kafka'
import { fault, isObject, type JsonObject, type Problem } from '../../workflow/index.ts'
import type {
  ConnectionSettings,
  Connector,
  ReadRequest,
  RecordBatch,
  SourceBatch,
  WriteResult,
} from '../connector.ts'
import {
  clientFault,
  MessageCollector,
  messageSourceProperties,
  messageTargetProperties,
  payloadOf,
} from '../messages/index.ts'

export const kafka: Connector = {
  type: 'bindings.kafka',
  about: 'Messages of Apache Kafka, read by their offsets, given at least once.',
  metadata: {
    brokers: { about: '`host:9092`, several with commas between them.', type: 'text', required: true },
    authType: { about: 'How we sign in.', type: 'text', choices: ['none', 'password'], default: 'none' },
    saslUsername: { about: 'The user.', type: 'text' },
    saslPassword: { about: "The user's password.", type: 'text', secret: true },
    saslMechanism: {
      about: 'How the password is shown.',
      type: 'text',
      choices: ['PLAIN', 'SHA-256', 'SHA-512'],
      default: 'PLAIN',
    },
    disableTls: { about: 'Talk without encryption.', type: 'boolean', default: false },
    caCert: { about: 'Certificate authorities that are trusted, PEM text.', type: 'text' },
    clientID: { about: 'How we are called in the log of the brokers.', type: 'text', default: 'sluse' },
  },
  sourceOptions: {
    type: 'object',
    additionalProperties: false,
    required: ['topic'],
    properties: {
      topic: { type: 'string', minLength: 1 },
      read: {
        enum: ['new', 'all'],
        default: 'new',
        description: '`new`: what came after the last complete read. `all`: everything that the topic holds.',
      },
      ...messageSourceProperties,
    },
  },
  targetOptions: {
    type: 'object',
    additionalProperties: false,
    required: ['topic'],
    properties: {
      topic: { type: 'string', minLength: 1 },
      keyMember: {
        type: 'string',
        minLength: 1,
        description: 'The member of a record by which messages keep their order.',
      },
      ...messageTargetProperties,
    },
  },
  targetModes: ['append'],
  open(connection, host) {
    const brokers = String(connection.metadata.brokers)
    let producer: Promise<Producer> | undefined
    return {
      check: (signal) =>
        host.guarded(
          async () => {
            const { Admin } = await library()
            const admin = new Admin(optionsOf(connection))
            try {
              const { brokers: found } = await told(admin.metadata({ topics: [] }), brokers)
              return `Connected to ${brokers}: ${found.size} ${found.size === 1 ? 'broker' : 'brokers'}.`
            } finally {
              await admin.close().catch(() => {})
            }
          },
          { repeatable: true, signal },
        ),
      source: (options) => ({ read: (request) => readTopic(connection, options, request) }),
      target: (options) => ({
        begin: async () => {
          producer ??= library().then(({ Producer }) => new Producer(optionsOf(connection)))
          const opened = await producer
          return {
            resumable: true,
            // By its member's value messages are to keep their order.
            parallel: options.keyMember === undefined,
            write: (batch, signal) =>
              host.guarded(() => produce(opened, options, batch, brokers), { repeatable: true, signal }),
            finish: async () => {},
            abort: async () => {},
          }
        },
      }),
      async close() {
        const held = await producer
        await held?.close()
      },
    }
  },
}

const library = () =>
  import('@platformatic/kafka').catch(() => {
    throw fault(
      'configuration',
      'Kafka needs the package @platformatic/kafka: npm install @platformatic/kafka.',
    )
  })

function optionsOf({ metadata }: ConnectionSettings) {
  return {
    clientId: String(metadata.clientID),
    bootstrapBrokers: String(metadata.brokers).split(','),
    retries: 2,
    timeout: 10_000,
    connectTimeout: 5000,
    ...(metadata.disableTls !== true && {
      tls: metadata.caCert === undefined ? {} : { ca: String(metadata.caCert) },
    }),
    ...(metadata.authType === 'password' && {
      sasl: {
        mechanism: mechanisms[String(metadata.saslMechanism)] ?? 'PLAIN',
        username: String(metadata.saslUsername ?? ''),
        password: String(metadata.saslPassword ?? ''),
      },
    }),
  }
}

const mechanisms: { readonly [name: string]: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' } = {
  PLAIN: 'PLAIN',
  'SHA-256': 'SCRAM-SHA-256',
  'SHA-512': 'SCRAM-SHA-512',
}

async function told<T>(promise: Promise<T>, where: string): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw clientFault(error, where)
  }
}

/** The next offset of each partition. */
type Offsets = { [partition: string]: string }

async function* readTopic(
  connection: ConnectionSettings,
  options: JsonObject,
  { position, since, batchSize, signal }: ReadRequest,
): AsyncGenerator<SourceBatch> {
  const brokers = String(connection.metadata.brokers)
  const topic = String(options.topic)
  const { Consumer, ListOffsetTimestamps } = await library()
  // A group of its own that no other reader is in: what is read is remembered by the transfer, not by the broker.
  const consumer: Consumer = new Consumer({
    ...optionsOf(connection),
    groupId: `sluse-${crypto.randomUUID()}`,
    autocommit: false,
  })
  try {
    const list = (timestamp: bigint) =>
      told(consumer.listOffsets({ topics: [topic], timestamp }), brokers).then(
        (found) => found.get(topic) ?? [],
      )
    const [first, ends] = [await list(ListOffsetTimestamps.EARLIEST), await list(ListOffsetTimestamps.LATEST)]
    const earlier = isObject(position) ? position : options.read === 'all' ? null : since
    const kept = (isObject(earlier) ? earlier : {}) as Offsets
    const next = ends.map((_, partition) => {
      const from = BigInt(kept[partition] ?? 0)
      return from > (first[partition] ?? 0n) ? from : (first[partition] ?? 0n)
    })
    const due = () => next.some((offset, partition) => offset < (ends[partition] ?? 0n))
    const found = new MessageCollector(options)
    const cut = (): SourceBatch =>
      found.cut(Object.fromEntries(next.map((offset, partition) => [partition, offset.toString()])))
    if (!due()) return yield* [cut()]
    const stream = await told(
      consumer.consume({
        topics: [topic],
        mode: 'manual',
        offsets: next.map((offset, partition) => ({ topic, partition, offset })),
        maxWaitTime: 500,
      }),
      brokers,
    )
    stream.on('error', () => {})
    const end = () => Promise.resolve(stream.close() as unknown).catch(() => {})
    const stop = () => void end()
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const message of stream) {
        signal.throwIfAborted()
        const { partition, offset } = message
        // What comes while we read is for the next read: so that this one ends.
        if (offset < (next[partition] ?? 0n) || offset >= (ends[partition] ?? 0n)) {
          if (!due()) break
          continue
        }
        const headers = Object.fromEntries(
          [...message.headers].map(([name, value]) => [name.toString(), value.toString()]),
        )
        const key = message.key?.toString()
        const named = Object.keys(headers).length > 0 ? { headers } : {}
        found.add(
          { topic, key: key === '' ? undefined : key, value: message.value ?? Buffer.from('null'), ...named },
          `${topic}, partition ${partition}, message ${offset}`,
        )
        next[partition] = offset + 1n
        if (found.size >= batchSize) yield cut()
        if (!due()) break
      }
      signal.throwIfAborted()
      // The last messages of a partition may be no records but marks of a transaction: all before them was read.
      ends.forEach((end, partition) => (next[partition] = end))
      yield cut()
    } catch (error) {
      signal.throwIfAborted()
      throw clientFault(error, brokers)
    } finally {
      signal.removeEventListener('abort', stop)
      await end()
    }
  } finally {
    await Promise.resolve(consumer.close(true) as unknown).catch(() => {})
  }
}

async function produce(
  producer: Producer,
  options: JsonObject,
  batch: RecordBatch,
  brokers: string,
): Promise<WriteResult> {
  const refused: { index: number; problem: Problem }[] = []
  const messages = batch.values().flatMap((record, index) => {
    const payload = payloadOf(record, options)
    if ('type' in payload) {
      refused.push({ index, problem: payload })
      return []
    }
    const key =
      typeof options.keyMember === 'string' && isObject(record) ? record[options.keyMember] : undefined
    return [
      {
        topic: String(options.topic),
        value: Buffer.from(payload),
        ...(key !== undefined &&
          key !== null && { key: Buffer.from(typeof key === 'string' ? key : JSON.stringify(key)) }),
        headers: new Map([[Buffer.from('idempotency-key'), Buffer.from(batch.idempotencyKey(index))]]),
      },
    ]
  })
  if (messages.length > 0) await told(producer.send({ messages, acks: -1 }), brokers)
  return { refused, state: null }
}
