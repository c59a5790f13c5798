/** Messages of an MQTT broker. Dapr calls the type `bindings.mqtt3`. */
import type { MqttClient } from 'mqtt'
import { isObject, problem, type Json, type Problem } from '../../workflow/index.ts'
import type { ConnectionSettings, Connector, ConnectorHost, RecordBatch, WriteResult } from '../connector.ts'
import {
  clientFault,
  messageSourceProperties,
  messageTargetProperties,
  payloadOf,
} from '../messages/index.ts'
import { mqttSource } from './source.ts'

export const mqtt: Connector = {
  type: 'bindings.mqtt3',
  about: 'Messages of an MQTT broker, each taken and given at least once.',
  metadata: {
    url: { about: '`tcp://host:1883` or `ssl://host:8883`.', type: 'text', required: true },
    username: { about: 'The user.', type: 'text' },
    password: { about: "The user's password.", type: 'text', secret: true },
    topic: {
      about: 'The topic, where a transfer names none; for reading with wildcards `+` and `#`.',
      type: 'text',
    },
    consumerID: {
      about:
        'The name by which the broker keeps messages for us while we do not listen. Default: by the connection.',
      type: 'text',
    },
    retain: {
      about: 'Whether the broker keeps the last message of a topic for those who come later.',
      type: 'boolean',
      default: false,
    },
    caCert: { about: 'Certificate authorities that are trusted, PEM text.', type: 'text' },
    clientCert: { about: 'The certificate that we show, PEM text.', type: 'text' },
    clientKey: { about: 'Its key, PEM text.', type: 'text', secret: true },
  },
  sourceOptions: {
    type: 'object',
    additionalProperties: false,
    properties: {
      topic: { type: 'string', minLength: 1, description: "Default: the connection's." },
      quietSeconds: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 3600,
        default: 2,
        description: 'A read ends when no message has come for so long.',
      },
      maxRecords: {
        type: 'integer',
        minimum: 1,
        default: 100_000,
        description: 'A read ends after so many.',
      },
      ...messageSourceProperties,
    },
  },
  targetOptions: {
    type: 'object',
    additionalProperties: false,
    properties: {
      topic: {
        type: 'string',
        minLength: 1,
        description: "`{name}` stands for that member of the record. Default: the connection's.",
      },
      ...messageTargetProperties,
    },
  },
  targetModes: ['append'],
  open(connection, host) {
    const open = openers(connection, host)
    let publisher: Promise<MqttClient> | undefined
    return {
      async check(signal) {
        const client = await open({ clean: true }, signal)
        await client.endAsync(true)
        return `Connected to ${String(connection.metadata.url)}.`
      },
      source: (options) => mqttSource(connection, options, host, open),
      target: (options) => ({
        async begin({ signal }) {
          publisher ??= open({ clean: true }, signal)
          const client = await publisher
          const topic = String(options.topic ?? connection.metadata.topic ?? '')
          return {
            resumable: true,
            write: (batch, writing) =>
              host.guarded(() => publish(client, topic, batch, { connection, options }, writing), {
                repeatable: false,
                signal: writing,
              }),
            finish: async () => {},
            abort: async () => {},
          }
        },
      }),
      async close() {
        const client = await publisher?.catch(() => undefined)
        await client?.endAsync(true)
      },
    }
  },
}

export type OpenMqtt = (
  how: { clean: boolean; clientId?: string },
  signal: AbortSignal,
  /** Before it connects: what the broker has kept for us comes at once. */
  prepare?: (client: MqttClient) => void,
) => Promise<MqttClient>

function openers({ metadata }: ConnectionSettings, host: ConnectorHost): OpenMqtt {
  const url = String(metadata.url)
  const optional = (name: string, key: string) =>
    metadata[key] === undefined ? {} : { [name]: String(metadata[key]) }
  return (how, signal, prepare) =>
    host.guarded(
      async () => {
        const { default: library } = await import('mqtt')
        const address = url.replace(/^ssl:/, 'mqtts:').replace(/^tcp:/, 'mqtt:')
        const client = library.connect(address, {
          ...how,
          manualConnect: true,
          reconnectPeriod: 0,
          connectTimeout: 10_000,
          ...optional('username', 'username'),
          ...optional('password', 'password'),
          ...optional('ca', 'caCert'),
          ...optional('cert', 'clientCert'),
          ...optional('key', 'clientKey'),
        })
        prepare?.(client)
        try {
          await new Promise<void>((resolve, reject) => {
            client.once('connect', () => resolve())
            client.once('error', reject)
            client.once('close', () => reject(new Error('the connection was closed')))
            client.connect()
          })
          client.on('error', () => {})
          return client
        } catch (error) {
          client.on('error', () => {})
          client.end(true)
          throw clientFault(error, url)
        }
      },
      { repeatable: true, signal },
    )
}

async function publish(
  client: MqttClient,
  topic: string,
  batch: RecordBatch,
  {
    connection: { metadata },
    options,
  }: { connection: ConnectionSettings; options: { [name: string]: Json } },
  signal: AbortSignal,
): Promise<WriteResult> {
  const refused: { index: number; problem: Problem }[] = []
  const sent: Promise<unknown>[] = []
  for (const [index, record] of batch.values().entries()) {
    signal.throwIfAborted()
    const to = topicFor(topic, record)
    const payload = payloadOf(record, options)
    const wrong = typeof to === 'object' ? to : 'type' in payload ? payload : undefined
    if (wrong) refused.push({ index, problem: wrong })
    // In order: a client sends one after the other on one connection; it is done when the broker has said so.
    else
      sent.push(
        client.publishAsync(to as string, Buffer.from(payload as Uint8Array), {
          qos: 1,
          retain: metadata.retain === true,
        }),
      )
  }
  const lost = new Promise<never>((_, reject) => {
    const gone = () => reject(new Error('the connection was closed'))
    const stop = () => reject(signal.reason as Error)
    if (!client.connected) gone()
    client.once('close', gone)
    signal.addEventListener('abort', stop, { once: true })
    void Promise.allSettled(sent).then(() => {
      client.off('close', gone)
      signal.removeEventListener('abort', stop)
    })
  })
  lost.catch(() => {})
  try {
    await Promise.race([Promise.all(sent), lost])
  } catch (error) {
    signal.throwIfAborted()
    throw clientFault(error, String(metadata.url))
  }
  return { refused, state: null }
}

function topicFor(topic: string, record: Json): string | Problem {
  let missing: string | undefined
  const filled = topic.replace(/\{([^}]+)\}/g, (_all, name: string) => {
    const value = isObject(record) ? record[name] : undefined
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value)
    missing ??= name
    return ''
  })
  if (missing !== undefined)
    return problem('validation', `The record has no ${JSON.stringify(missing)}, which the topic needs.`)
  if (filled === '' || /[+#\0]/.test(filled))
    return problem('validation', 'The topic is empty or has a wildcard.')
  return filled
}
