import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OpenIdProvider } from '../../src/access/oidc.ts'
import { createActivityRunner, guardedBy, guardedHttp } from '../../src/activities/index.ts'
import { twoWays } from '../../src/activities/call-asyncapi/testing/index.ts'
import { guardedFetch } from '../../src/app/guarded-fetch.ts'
import { classifyCall } from '../../src/activities/index.ts'
import { emailChannel, webhookChannel } from '../../src/approvals/index.ts'
import { connectorOf, connectors, openConnections, readConnection } from '../../src/connectors/index.ts'
import { createHttpClient } from '../../src/http/index.ts'
import { Guard, readResiliency } from '../../src/resilience/index.ts'
import type { Json, JsonObject } from '../../src/workflow/index.ts'
import { freePort } from '../servers/free-port.ts'
import { greeterProto, toneProto } from '../servers/grpc/greeter.ts'

/**
 * Everything that calls another system, pointed at a port that nobody listens on: the guard must have seen the call.
 * What a kind of call does beyond that is tested where it is.
 */
let folder: string
let port: number
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-every-call-'))
  port = await freePort()
  writeFileSync(join(folder, 'greeter.proto'), greeterProto.replace('common/tone.proto', 'tone.proto'))
  writeFileSync(join(folder, 'tone.proto'), toneProto)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const signal = () => AbortSignal.timeout(20_000)
const origin = () => `http://127.0.0.1:${port}`

/** One attempt for each call, so that it is soon over. */
function newGuard(): Guard {
  const { policies } = readResiliency({
    spec: { policies: { retries: { DefaultRetryPolicy: { maxRetries: 0 } } }, targets: {} },
  })
  return new Guard({ policies: [policies], classify: classifyCall, random: Math.random, longestWaitMs: 1000 })
}

const seenBy = (guard: Guard) =>
  guard
    .targets()
    .filter(({ attempts, failures }) => attempts > 0 && failures > 0)
    .map(({ name }) => name)

async function seenFrom(act: (guard: Guard) => Promise<unknown>): Promise<string[]> {
  const guard = newGuard()
  await expect(act(guard)).rejects.toBeDefined()
  guard.stop()
  return seenBy(guard)
}

async function activity(guard: Guard, kind: string, input: JsonObject): Promise<Json> {
  const run = createActivityRunner({
    guard,
    projectFolder: folder,
    dataFolder: folder,
    processes: { graceMs: 100 },
  })
  const request = { runId: 'r', key: '/do/0/a', secrets: {}, attempt: 0, idempotencyKey: 'r/do/0/a' }
  try {
    return await run({ kind, input, signal: signal(), ...request })
  } finally {
    await run.close()
  }
}

const asyncapi = (protocol: string) => {
  const file = `asyncapi-${protocol}.json`
  writeFileSync(join(folder, file), JSON.stringify(twoWays({ protocol, port, address: 'things' })))
  return { document: { endpoint: { uri: `file:${file}` } }, operation: 'put', message: { payload: { a: 1 } } }
}
const tokenFrom = (policy: object) => ({
  method: 'get',
  endpoint: { uri: 'http://127.0.0.1:9/', authentication: { ...policy } as JsonObject },
})
const client = { id: 'me', secret: 'hunter22' }

describe('an activity calls under the guard:', () => {
  test.each<[name: string, kind: string, input: () => JsonObject, target?: () => string]>([
    ['http', 'http', () => ({ method: 'get', endpoint: { uri: origin() } })],
    ['openapi', 'openapi', () => ({ document: { endpoint: { uri: `${origin()}/api` } }, operationId: 'a' })],
    ['a resource', 'resource', () => ({ endpoint: { uri: `${origin()}/schema` } })],
    ['a function of a catalog', 'function', () => ({ endpoint: { uri: `${origin()}/function.yaml` } })],
    [
      'grpc',
      'grpc',
      () => ({
        proto: { endpoint: { uri: 'file:greeter.proto' } },
        service: { name: 'greetings.v1.Greeter', host: '127.0.0.1', port },
        method: 'Greet',
        arguments: {},
      }),
    ],
    [
      'mcp over HTTP',
      'mcp',
      () => ({ method: 'tools/list', transport: { http: { endpoint: { uri: origin() } } } }),
    ],
    [
      'mcp as a process',
      'mcp',
      () => ({ method: 'tools/list', transport: { stdio: { command: 'false' } } }),
      () => 'stdio:false',
    ],
    ['a2a', 'a2a', () => ({ method: 'tasks/get', parameters: { id: '1' }, server: { uri: origin() } })],
    ['asyncapi http', 'asyncapi', () => asyncapi('http')],
    ['asyncapi ws', 'asyncapi', () => asyncapi('ws'), () => `ws://127.0.0.1:${port}`],
    ['asyncapi mqtt', 'asyncapi', () => asyncapi('mqtt'), () => `mqtt://127.0.0.1:${port}`],
    ['asyncapi mqtt5', 'asyncapi', () => asyncapi('mqtt5'), () => `mqtt5://127.0.0.1:${port}`],
    ['asyncapi nats', 'asyncapi', () => asyncapi('nats'), () => `nats://127.0.0.1:${port}`],
    ['asyncapi amqp', 'asyncapi', () => asyncapi('amqp'), () => `amqp://127.0.0.1:${port}`],
    [
      'OAuth 2.0: a token',
      'http',
      () => tokenFrom({ oauth2: { authority: origin(), grant: 'client_credentials', client } }),
    ],
    [
      'OpenID Connect: discovery',
      'http',
      () => tokenFrom({ oidc: { authority: origin(), grant: 'client_credentials', client } }),
    ],
  ])('%s', async (_name, kind, input, target = origin) => {
    expect(await seenFrom((guard) => activity(guard, kind, input()))).toContain(target())
  })
})

/** Stands for a value that is among the secrets. */
const secret = '(a secret)'

/** The metadata of each type of connection, such that it leads to that port. */
const leading: { readonly [type: string]: () => JsonObject } = {
  'bindings.http': () => ({ url: origin() }),
  HTTPEndpoint: () => ({}),
  'bindings.kafka': () => ({ brokers: `127.0.0.1:${port}`, disableTls: 'true' }),
  'bindings.mqtt3': () => ({ url: `tcp://127.0.0.1:${port}`, topic: 't' }),
  'pubsub.jetstream': () => ({ natsURL: `nats://127.0.0.1:${port}` }),
  'bindings.postgresql': () => ({
    host: '127.0.0.1',
    port: String(port),
    database: 'd',
    user: 'u',
    sslMode: 'disable',
  }),
  'bindings.aws.s3': () => ({
    bucket: 'bucket',
    accessKey: 'a',
    secretKey: secret,
    endpoint: origin(),
    forcePathStyle: 'true',
  }),
  'bindings.sftp': () => ({
    address: `127.0.0.1:${port}`,
    rootPath: '/',
    username: 'u',
    password: secret,
    hostPublicKey: 'SHA256:AAAA',
  }),
  'bindings.smtp': () => ({
    host: '127.0.0.1',
    port: String(port),
    emailFrom: 'a@example.dk',
    allowPlain: 'true',
  }),
}
/** Of the families that a Dapr sidecar serves, one each. */
const families: { readonly [type: string]: string } = {
  'bindings.*': 'bindings.rabbitmq',
  'pubsub.*': 'pubsub.redis',
  'state.*': 'state.redis',
}
/** What reads files, and what is pushed to us. */
const callsNobody = ['bindings.localstorage', 'bindings.webhook']

describe('a connection calls under the guard:', () => {
  const types = connectors.map(({ type }) => type).filter((type) => !callsNobody.includes(type))

  test.each(types)('%s', async (type) => {
    const metadata = Object.entries(leading[type]?.() ?? {}).map(([name, value]) =>
      value === secret ? { name, secretKeyRef: { name: 'it', key: 'it' } } : { name, value },
    )
    const kind = type === 'HTTPEndpoint' ? type : 'Component'
    const { declaration, complaints } = readConnection(
      {
        apiVersion: 'dapr.io/v1alpha1',
        kind,
        metadata: { name: 'it' },
        spec:
          kind === type ? { baseUrl: origin() } : { type: families[type] ?? type, version: 'v1', metadata },
      },
      connectorOf,
      types,
    )
    expect(complaints).toEqual([])
    const seen = await seenFrom(async (guard) => {
      const http = createHttpClient()
      const connections = openConnections({
        declarations: () => (declaration ? [declaration] : []),
        connectorOf,
        secrets: () => Promise.resolve({ it: 'hunter22' }),
        environment: { DAPR_HTTP_PORT: String(port) },
        projectFolder: folder,
        dataFolder: folder,
        http,
        guard,
        now: Date.now,
        log: () => {},
      })
      await connections.check('it', signal()).finally(() => http.close())
    })
    expect(seen).toContain('it')
  })
})

describe('the server itself calls under the guard:', () => {
  const content = {
    kind: 'asked',
    approval: 'a1',
    namespace: 'n',
    pipeline: 'p',
    title: 't',
    language: 'en',
    timezone: 'Europe/Copenhagen',
    status: 'open',
    name: 'Anna And',
  } as const
  const notice = { id: '1', recipient: 'anna@example.dk', content }
  const link = () => 'http://sluse.example.dk/'

  test('the OpenID provider that people sign in at', async () => {
    const seen = await seenFrom((guard) =>
      new OpenIdProvider({
        issuer: origin(),
        clientId: 'sluse',
        scopes: [],
        subjectClaim: 'sub',
        groupsClaim: 'groups',
        trustEmail: false,
        fetch: guardedFetch(guardedBy(guard, { attempt: 0, onFailure: 'caught' })),
      }).begin('http://sluse.example.dk/back'),
    )
    expect(seen).toEqual([origin()])
  })

  test('the webhook for notices', async () => {
    const seen = await seenFrom((guard) => {
      const http = guardedHttp(createHttpClient(), guardedBy(guard, { attempt: 0, onFailure: 'caught' }))
      return webhookChannel({ url: origin(), link, http })(notice)
    })
    expect(seen).toEqual([origin()])
  })

  test('the mail server for notices', async () => {
    const seen = await seenFrom(async (guard) => {
      const channel = await emailChannel({
        server: `smtp://127.0.0.1:${port}`,
        from: 'sluse@example.dk',
        showTitle: false,
        link,
        underPolicies: guardedBy(guard, { attempt: 0, onFailure: 'caught' }),
      })
      await channel(notice).finally(() => channel.close())
    })
    expect(seen).toEqual([`smtp://127.0.0.1:${port}`])
  })
})
