/** Messages of a NATS JetStream. Dapr calls the type `pubsub.jetstream`. */
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
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

export const nats: Connector = {
  type: 'pubsub.jetstream',
  about:
    'Messages of a stream in NATS JetStream, read by their numbers; each is given at least once, and kept once.',
  metadata: {
    natsURL: { about: '`nats://host:4222`, several with commas between them.', type: 'text', required: true },
    token: { about: 'A token to sign in with.', type: 'text', secret: true },
    user: { about: 'A user to sign in with.', type: 'text' },
    password: { about: "The user's password.", type: 'text', secret: true },
    name: { about: 'How the connection is called at the server.', type: 'text', default: 'sluse' },
    streamName: { about: 'The stream that is read. Default: the one that has the subject.', type: 'text' },
  },
  sourceOptions: {
    type: 'object',
    additionalProperties: false,
    required: ['subject'],
    properties: {
      subject: { type: 'string', minLength: 1, description: 'The subject, also with wildcards `*` and `>`.' },
      read: {
        enum: ['new', 'all'],
        default: 'new',
        description:
          '`new`: what came after the last complete read. `all`: everything that the stream holds.',
      },
      purge: {
        type: 'boolean',
        default: false,
        description:
          'Take messages out of the stream once they are durable here: for a stream that is a queue.',
      },
      ...messageSourceProperties,
    },
  },
  targetOptions: {
    type: 'object',
    additionalProperties: false,
    required: ['subject'],
    properties: { subject: { type: 'string', minLength: 1 }, ...messageTargetProperties },
  },
  targetModes: ['append'],
  open(connection, host) {
    let opened: Promise<Opened> | undefined
    const open = (signal: AbortSignal) => {
      if (opened) return opened
      const opening = host.guarded(() => connectTo(connection), { repeatable: true, signal })
      opened = opening
      const forget = () => {
        if (opened === opening) opened = undefined
      }
      opening.then(({ client }) => void client.closed().then(forget), forget)
      return opening
    }
    return {
      async check(signal) {
        const { manager, client } = await open(signal)
        await manager.getAccountInfo().catch((error: unknown) => {
          throw fault('configuration', `${client.getServer()} has no JetStream: ${(error as Error).message}.`)
        })
        return `Connected to ${client.getServer()}, with JetStream.`
      },
      source: (options) => ({
        async *read(request) {
          yield* readStream(await open(request.signal), connection, options, request)
        },
        async confirm(position, signal) {
          if (options.purge !== true || !isObject(position)) return
          const { manager } = await open(signal)
          const filter = String(options.subject)
          await manager.streams.purge(String(position.stream), { filter, seq: Number(position.sequence) + 1 })
        },
      }),
      target: (options) => ({
        async begin({ signal }) {
          const { stream } = await open(signal)
          return {
            resumable: true,
            parallel: true,
            write: (batch, writing) =>
              host.guarded(() => publish(stream, options, batch, connection, writing), {
                // JetStream knows a message again by its id.
                repeatable: true,
                signal: writing,
              }),
            finish: async () => {},
            abort: async () => {},
          }
        },
      }),
      async close() {
        const held = await opened?.catch(() => undefined)
        await held?.client.close()
      },
    }
  },
}

interface Opened {
  readonly client: NatsConnection
  readonly manager: JetStreamManager
  readonly stream: JetStreamClient
}

async function connectTo({ metadata }: ConnectionSettings): Promise<Opened> {
  const [{ connect }, { jetstream, jetstreamManager }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ])
  try {
    const client = await connect({
      servers: String(metadata.natsURL).split(','),
      name: String(metadata.name),
      reconnect: false,
      timeout: 10_000,
      ...(metadata.token !== undefined && { token: String(metadata.token) }),
      ...(metadata.user !== undefined && {
        user: String(metadata.user),
        pass: String(metadata.password ?? ''),
      }),
    })
    return { client, manager: await jetstreamManager(client, { checkAPI: false }), stream: jetstream(client) }
  } catch (error) {
    throw clientFault(error, String(metadata.natsURL))
  }
}

async function* readStream(
  { manager, stream }: Opened,
  { name, metadata }: ConnectionSettings,
  options: JsonObject,
  { position, since, batchSize, signal }: ReadRequest,
): AsyncGenerator<SourceBatch> {
  const subject = String(options.subject)
  const streamName =
    metadata.streamName === undefined
      ? await manager.streams.find(subject).catch(() => {
          throw fault('configuration', `No stream of ${name} has the subject ${subject}.`)
        })
      : String(metadata.streamName)
  const earlier = isObject(position) ? position : options.read === 'all' ? null : since
  let sequence = isObject(earlier) ? Number(earlier.sequence) : 0
  const { state } = await manager.streams.info(streamName).catch((error: unknown) => {
    throw clientFault(error, String(metadata.natsURL))
  })
  const found = new MessageCollector(options)
  const cut = (): SourceBatch => found.cut({ stream: streamName, sequence })
  /** Where the next read begins is told all the same. */
  const nothing = function* () {
    sequence = Math.max(sequence, last)
    yield cut()
  }
  // What comes while we read is for the next read: so that this one ends.
  const last = state.last_seq
  if (sequence >= last) return yield* nothing()
  const { AckPolicy, DeliverPolicy } = await import('@nats-io/jetstream')
  const info = await manager.consumers.add(streamName, {
    filter_subject: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: sequence + 1,
    ack_policy: AckPolicy.None,
    inactive_threshold: 60_000_000_000,
    mem_storage: true,
  })
  const consumer = await stream.consumers.get(streamName, info.name)
  try {
    if (info.num_pending === 0) yield* nothing()
    for (let more = info.num_pending > 0; more;) {
      signal.throwIfAborted()
      let pending = 0
      const messages = await consumer.fetch({ max_messages: batchSize, expires: 5000 })
      for await (const message of messages) {
        pending = message.info.pending
        if (message.seq > last) break
        sequence = message.seq
        const headers = message.headers
          ? Object.fromEntries([...message.headers].map(([key, [value]]) => [key, value ?? '']))
          : undefined
        found.add({ topic: message.subject, headers, value: message.data }, `${subject}, message ${sequence}`)
        if (pending === 0 || sequence >= last) break
      }
      more = pending > 0 && sequence < last && found.size > 0
      if (!more) sequence = Math.max(sequence, last)
      yield cut()
    }
  } catch (error) {
    signal.throwIfAborted()
    throw clientFault(error, String(metadata.natsURL))
  } finally {
    await manager.consumers.delete(streamName, info.name).catch(() => {})
  }
}

async function publish(
  stream: JetStreamClient,
  options: JsonObject,
  batch: RecordBatch,
  { metadata }: ConnectionSettings,
  signal: AbortSignal,
): Promise<WriteResult> {
  const refused: { index: number; problem: Problem }[] = []
  const sent: Promise<unknown>[] = []
  for (const [index, record] of batch.values().entries()) {
    signal.throwIfAborted()
    const payload = payloadOf(record, options)
    if ('type' in payload) refused.push({ index, problem: payload })
    else sent.push(stream.publish(String(options.subject), payload, { msgID: batch.idempotencyKey(index) }))
  }
  const settled = await Promise.allSettled(sent)
  const failed = settled.find((each) => each.status === 'rejected')
  if (failed?.status === 'rejected') throw clientFault(failed.reason, String(metadata.natsURL))
  return { refused, state: null }
}
