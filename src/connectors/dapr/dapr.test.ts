/**
 * Against a stand-in for the sidecar, over real HTTP, that answers as Dapr's API reference says: there is no Dapr to be
 * had where these tests run.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { faultOf, serve, type Seen, type TestServer } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type { Connector, TargetMode } from '../connector.ts'
import { connectorOf, connectors, openConnections, readConnection } from '../index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { daprBinding, daprPubsub, daprState } from './index.ts'
import { daprTypes } from './types.ts'

const { signal } = new AbortController()
const token = 'sidecar-token'

interface StandIn extends TestServer {
  readonly state: Map<string, Json>
  readonly events: Json[]
  /** What the binding answers with. */
  answer: string
  broken: boolean
}

const components = [
  { name: 'tested', type: 'state.redis', version: 'v1', capabilities: [] },
  { name: 'events', type: 'pubsub.redis', version: 'v1', capabilities: [] },
  { name: 'hub', type: 'bindings.azure.eventhubs', version: 'v1', capabilities: ['OUTPUT_BINDING'] },
]

async function standIn(): Promise<StandIn> {
  const state = new Map<string, Json>()
  const events: Json[] = []
  const server = await serve((request, response) => {
    const say = (status: number, body: Json = null) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === null ? '' : JSON.stringify(body))
    const refuse = () => say(400, { errorCode: 'ERR_MALFORMED_REQUEST', message: 'it has no name' })
    if (request.headers['dapr-api-token'] !== token) return say(401)
    if (request.path === '/v1.0/metadata') return say(200, { id: 'sluse', components })
    if (it.broken) return say(500, { errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE', message: 'the broker is away' })
    const sent = JSON.parse(request.body) as Json
    if (request.path === '/v1.0/state/tested') {
      const items = sent as { key: string; value: JsonObject }[]
      if (items.some(({ value }) => value.name === undefined)) return refuse()
      for (const { key, value } of items) state.set(key, value)
      return say(204)
    }
    if (request.path.startsWith('/v1.0/publish/events/people')) {
      if ((sent as JsonObject).name === undefined) return refuse()
      events.push(sent)
      return say(204)
    }
    if (request.path === '/v1.0-alpha1/publish/bulk/events/people') {
      for (const { event } of sent as { event: Json }[]) events.push(event)
      return say(204)
    }
    const { operation, data } = sent as { operation: string; data: JsonObject }
    if (operation !== 'create') return void response.end(it.answer)
    if (data.name === undefined) return refuse()
    events.push(data)
    return say(204)
  })
  const it: StandIn = Object.assign(server, { state, events, answer: '', broken: false })
  return it
}

const environmentOf = ({ origin }: TestServer) => ({
  DAPR_HTTP_ENDPOINT: `${origin}/`,
  DAPR_API_TOKEN: token,
})
const named = { state: 'tested', pubsub: 'events', bindings: 'hub' } as const

function subjects(
  name: string,
  connector: Connector,
  type: string,
  mode: TargetMode,
  options: JsonObject,
  has: { source?: boolean; refuses?: boolean; parallel?: readonly TargetMode[] },
) {
  connectorSuite(
    name,
    async () => {
      const sidecar = await standIn()
      const family = type.split('.')[0] as keyof typeof named
      const open = (more: { [name: string]: string } = {}, as: string = named[family]) => {
        const host = createHost({ environment: { ...environmentOf(sidecar), ...more } })
        const connection = connect(connector, {}, host, { type, name: as })
        return {
          ...connection,
          async close() {
            await connection.close()
            await host.close()
          },
        }
      }
      return {
        open: () => open(),
        close: sidecar.close,
        source: {
          async put(records) {
            sidecar.answer = JSON.stringify(records)
            return { operation: 'list' }
          },
        },
        target: {
          modes: [mode],
          async clear() {
            sidecar.state.clear()
            sidecar.events.length = 0
            return options
          },
          contents: async () => [...sidecar.state.values(), ...sidecar.events],
          refused: { id: 99 },
        },
        broken: [
          { open: () => open({ DAPR_API_TOKEN: 'wrong' }), says: /answered 401: set DAPR_API_TOKEN/ },
          { open: () => open({}, 'other'), says: /has no component other: give it the same file/ },
          { open: () => open({ DAPR_HTTP_ENDPOINT: 'http://127.0.0.1:1' }), says: /refused the connection/ },
        ],
      }
    },
    { modes: [mode], ...has },
  )
}

subjects(
  'a state store of Dapr',
  daprState,
  'state.redis',
  'upsert',
  {},
  { refuses: true, parallel: ['upsert'] },
)
subjects('a broker of Dapr', daprPubsub, 'pubsub.redis', 'append', { topic: 'people' }, { refuses: true })
subjects(
  'a broker of Dapr, by the batch',
  daprPubsub,
  'pubsub.redis',
  'append',
  { topic: 'people', send: 'batch' },
  {},
)
subjects(
  'a binding of Dapr',
  daprBinding,
  'bindings.azure.eventhubs',
  'append',
  {},
  { source: true, refuses: true },
)

describe('a component behind a sidecar', () => {
  let sidecar: StandIn
  let host: TestHost
  beforeEach(async () => {
    sidecar = await standIn()
    host = createHost({ environment: environmentOf(sidecar) })
  })
  afterEach(async () => {
    await host.close()
    await sidecar.close()
  })
  const write = async (
    connector: Connector,
    options: JsonObject,
    records: readonly Json[],
    key: readonly string[] = [],
  ) => {
    const family = connector.type.split('.')[0] as keyof typeof named
    const name = named[family]
    const { type = '' } = components.find((each) => each.name === name) ?? {}
    const target = connect(connector, {}, host, { type, name }).target?.(options)
    const mode = connector.targetModes?.[0] ?? 'append'
    const delivery = await target?.begin({ mode, key, deliveryId: 'd', state: null, concurrency: 1, signal })
    return delivery?.write(batch(records, 0), signal)
  }
  const last = (): Seen => sidecar.requests.at(-1) as Seen
  const body = () => JSON.parse(last().body) as Json

  test('is sent what its options make of a record', async () => {
    const options = { operation: 'create', data: '{name}', metadata: '{partitionKey: .id, none: null}' }
    await write(daprBinding, options, [{ id: 7, name: 'Åse', cpr: '1' }])
    expect(last()).toMatchObject({ method: 'POST', path: '/v1.0/bindings/hub' })
    expect(body()).toEqual({ operation: 'create', data: { name: 'Åse' }, metadata: { partitionKey: '7' } })

    await write(daprPubsub, { topic: 'people', metadata: '{rawPayload: true}' }, [{ name: 'Åse' }])
    expect(last().path).toBe('/v1.0/publish/events/people?metadata.rawPayload=true')

    await write(daprPubsub, { topic: 'people', send: 'batch', metadata: '{key: .name}' }, [{ name: 'Åse' }])
    expect(body()).toEqual([
      { entryId: '0', event: { name: 'Åse' }, contentType: 'application/json', metadata: { key: 'Åse' } },
    ])
  })

  test('keeps of one key the newest, also within a batch', async () => {
    await write(
      daprState,
      {},
      [
        { id: 1, name: 'old' },
        { id: 2, name: 'b' },
        { id: 1, name: 'new' },
      ],
      ['id'],
    )
    expect(body()).toHaveLength(2)
    expect(sidecar.state.get('1')).toEqual({ id: 1, name: 'new' })
  })

  test('has keys of several members that cannot be taken for another', async () => {
    const records = [
      { a: 'x:y', b: 'z', name: '1' },
      { a: 'x', b: 'y:z', name: '2' },
    ]
    await write(daprState, {}, records, ['a', 'b'])
    expect([...sidecar.state.keys()]).toEqual(['x%3Ay:z', 'x:y%3Az'])
  })

  test('refuses records without a key, with one that Dapr cannot have, and that a filter does not fit', async () => {
    const records = [{ name: 'a' }, { id: 'x||y', name: 'b' }, { id: 'c', name: 'c' }]
    const written = await write(
      daprState,
      { metadata: '{ttl: (.name | ascii_downcase)}' },
      [...records, 5],
      ['id'],
    )
    expect(written?.refused.map(({ index }) => index)).toEqual([0, 1, 3])
    expect([...sidecar.state.keys()]).toEqual(['c'])
    const sent = await write(daprBinding, { data: '.name | length' }, [{ name: true }])
    expect(sent?.refused[0]?.problem.detail).toMatch(/`data` does not fit/)
  })

  test.each([
    ['one by one', { topic: 'people' }],
    ['by the batch', { topic: 'people', send: 'batch' }],
  ])('that fails makes no dead letters, %s: the batch comes again', async (_how, options) => {
    sidecar.broken = true
    const { detail, status } = await faultOf(write(daprPubsub, options, [{ name: 'a' }]))
    expect(status).toBe(500)
    expect(detail).toMatch(/the broker is away/)
  })

  test('answers with records as its options say; what is no JSON is an error', async () => {
    const source = connect(daprBinding, {}, host, { type: 'bindings.azure.eventhubs', name: 'hub' }).source?.(
      {
        operation: 'query',
        metadata: { sql: 'select 1', limit: 5 },
        items: '.rows[]',
      },
    )
    if (!source) throw new Error('It is no source.')
    sidecar.answer = '{"rows":[{"id":1},{"id":2}]}'
    expect((await readAll(source, null, signal)).flatMap(({ records }) => records)).toEqual([
      { id: 1 },
      { id: 2 },
    ])
    expect(body()).toEqual({ operation: 'query', metadata: { sql: 'select 1', limit: '5' } })
    sidecar.answer = ''
    expect(await readAll(source, null, signal)).toEqual([])
    sidecar.answer = '<rows/>'
    expect((await faultOf(readAll(source, null, signal))).detail).toMatch(/what is no JSON/)
  })
})

describe('without a sidecar', () => {
  const hub = {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'hub' },
    spec: {
      type: 'bindings.azure.eventhubs',
      version: 'v2',
      metadata: [{ name: 'connectionString', secretKeyRef: { name: 'hub', key: 'text' } }],
    },
    auth: { secretStore: 'vault' },
  }
  const check = async (environment: { [name: string]: string }) => {
    const { declaration, complaints } = readConnection(hub, connectorOf, [])
    expect(complaints).toEqual([])
    const host = createHost()
    try {
      return await openConnections({
        ...host,
        declarations: () => (declaration ? [declaration] : []),
        connectorOf,
        environment,
        secrets: async () => {
          throw new Error('Secrets of the sidecar are not read here.')
        },
      }).check('hub', signal)
    } finally {
      await host.close()
    }
  }

  test('its check says what to do', async () => {
    const { detail } = await faultOf(check({}))
    expect(detail).toMatch(
      /hub \(bindings\.azure\.eventhubs\) is reached through a Dapr sidecar.*DAPR_HTTP_PORT/,
    )
    expect((await faultOf(check({ DAPR_HTTP_ENDPOINT: 'file:///x' }))).detail).toMatch(/DAPR_HTTP_ENDPOINT/)
  })

  test('and with one, by its port, the component works without a secret of it being read', async () => {
    const sidecar = await standIn()
    try {
      const environment = { DAPR_HTTP_PORT: new URL(sidecar.origin).port, DAPR_API_TOKEN: token }
      expect(await check(environment)).toMatch(/has hub \(bindings\.azure\.eventhubs\)\.$/)
    } finally {
      await sidecar.close()
    }
  })

  test('a type of our own is never sent to it, and a type of no family is unknown', () => {
    expect(connectorOf('bindings.kafka')?.type).toBe('bindings.kafka')
    expect(connectorOf('state.redis')?.type).toBe('state.*')
    expect(connectorOf('workflow.temporal')).toBeUndefined()
  })

  test('a type that Dapr does not have is refused with the nearest one, and with a sidecar only warned of', () => {
    const complaints = (type: string, sidecar: boolean) =>
      readConnection(
        { ...hub, spec: { ...hub.spec, type } },
        connectorOf,
        connectors.map((each) => each.type),
        sidecar,
      ).complaints.map(({ severity, pointer, todo }) => [severity, pointer, todo])
    expect(complaints('bindings.azure.eventhub', false)).toEqual([
      ['error', '/spec/type', 'Did you mean `bindings.azure.eventhubs`?'],
    ])
    expect(complaints('bindings.postgressql', true)).toEqual([
      ['warning', '/spec/type', 'Did you mean `bindings.postgresql`?'],
    ])
    expect(complaints('state.our-own-pluggable-component', false)).toEqual([
      ['error', '/spec/type', expect.stringMatching(/components-reference/)],
    ])
    for (const type of daprTypes)
      expect(complaints(type, false).filter(([, at]) => at === '/spec/type')).toEqual([])
  })
})
