import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpClient } from '../http/index.ts'
import type { Json } from '../workflow/index.ts'
import type { ConnectionSettings, Connector } from './connector.ts'
import { openConnections, readConnection } from './index.ts'

const given: ConnectionSettings[] = []
const connector: Connector = {
  type: 'bindings.test',
  about: 'A test.',
  metadata: {
    host: { about: 'Where.', type: 'text', required: true },
    password: { about: 'Known to few.', type: 'text', secret: true },
    timeout: { about: 'How long.', type: 'duration', default: '30s' },
    limit: { about: 'How much.', type: 'bytes' },
    mode: { about: 'How.', type: 'text', choices: ['fast', 'safe'] },
    tls: { about: 'Whether.', type: 'boolean' },
    retries: { about: 'How often.', type: 'number' },
  },
  open(connection) {
    given.push(connection)
    return { check: async () => 'It works.', close: async () => {} }
  },
}
const connectorOf = (type: string) => (type === 'bindings.test' ? connector : undefined)

const component = (metadata: Json[], more: object = {}, spec: object = {}) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'it' },
  spec: { type: 'bindings.test', version: 'v1', metadata, ...spec },
  ...more,
})
const complaints = (resource: unknown) =>
  readConnection(resource, connectorOf, ['bindings.test']).complaints.map(
    ({ pointer, message }) => `${pointer} ${message}`,
  )
const host = { name: 'host', value: 'a.dk' }

describe('a connection', () => {
  it('is read whole, with values converted to what they are declared as', () => {
    const { declaration } = readConnection(
      component([
        host,
        { name: 'timeout', value: '1m' },
        { name: 'limit', value: '2Ki' },
        { name: 'tls', value: 'true' },
        { name: 'retries', value: '3' },
        { name: 'password', secretKeyRef: { name: 'login', key: 'pass' } },
      ]),
      connectorOf,
      [],
    )
    expect(declaration?.metadata).toMatchObject({
      timeout: { value: 60_000 },
      limit: { value: 2048 },
      tls: { value: true },
      retries: { value: 3 },
      password: { secret: { name: 'login', key: 'pass' } },
    })
  })

  it('has all that is wrong with it told at once, and no value with it', () => {
    const found = complaints(
      component(
        [
          { name: 'hots', value: 'a' },
          { name: 'password', value: 'hunter2' },
          { name: 'timeout', value: 'soon' },
          { name: 'mode', value: 'wild' },
          { name: 'tls', value: 'perhaps', secretKeyRef: { name: 'x' } },
        ],
        { extra: 1 },
      ),
    )
    expect(found.map((each) => each.split(' ')[0]).sort()).toEqual([
      '/extra',
      '/spec/metadata',
      '/spec/metadata/0/name',
      '/spec/metadata/1/value',
      '/spec/metadata/2/value',
      '/spec/metadata/3/value',
      '/spec/metadata/4',
    ])
    expect(found.join()).not.toContain('hunter2')
  })

  it('of a type that there is not is told which there are', () => {
    const { complaints: found } = readConnection(component([], {}, { type: 'bindings.none' }), connectorOf, [
      'bindings.test',
    ])
    expect(found).toMatchObject([{ pointer: '/spec/type', todo: 'There are: bindings.test.' }])
  })

  it('may be an HTTPEndpoint, whose credentials are secret', () => {
    const endpoint = (headers: Json[], baseUrl = 'https://a.dk/api') => ({
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'HTTPEndpoint',
      metadata: { name: 'it' },
      spec: { baseUrl, headers, clientTLS: { privateKey: { secretKeyRef: { name: 'key' } } } },
    })
    const secret = { name: 'Authorization', secretKeyRef: { name: 'token' } }
    expect(readConnection(endpoint([secret]), connectorOf, []).declaration).toMatchObject({
      type: 'HTTPEndpoint',
      metadata: { baseUrl: { value: 'https://a.dk/api' } },
      headers: { Authorization: { secret: { name: 'token' } } },
      clientTls: { privateKey: { secret: { name: 'key' } } },
    })
    expect(complaints(endpoint([{ name: 'Authorization', value: 'Bearer x' }]))).toHaveLength(1)
    expect(complaints(endpoint([], 'ftp://a.dk'))).toHaveLength(1)
    expect(complaints(endpoint([], 'https://me:pass@a.dk'))).toHaveLength(1)
  })
})

describe('opening a connection', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluse-connections-'))
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify({ db: { password: 'from-file' } }))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const store = (type: string, metadata: Json[] = []) => ({
    ...component(metadata, { metadata: { name: 'store' } }),
    spec: { type, metadata },
  })
  const connections = (...resources: unknown[]) => {
    const read = resources.map((each) => readConnection(each, connectorOf, []))
    expect(read.flatMap(({ complaints: found }) => found)).toEqual([])
    return openConnections({
      declarations: () => read.flatMap(({ declaration }) => declaration ?? []),
      connectorOf,
      secrets: async (names) => (names.includes('login') ? { login: { pass: 'ours' } } : {}),
      environment: { APP_PASSWORD: 'from-environment' },
      projectFolder: folder,
      dataFolder: folder,
      http: {} as HttpClient,
      now: () => 0,
      log: () => {},
    })
  }
  const password = (reference: object) =>
    component([host, { name: 'password', secretKeyRef: reference } as Json])
  const within = (resource: object) => ({ ...resource, auth: { secretStore: 'store' } })

  it.each([
    ['the secrets of the operator', [password({ name: 'login', key: 'pass' })], 'ours'],
    [
      'the environment',
      [
        within(password({ name: 'PASSWORD' })),
        store('secretstores.local.env', [{ name: 'prefix', value: 'APP_' }]),
      ],
      'from-environment',
    ],
    [
      'a file',
      [
        within(password({ name: 'db:password' })),
        store('secretstores.local.file', [{ name: 'secretsFile', value: 'secrets.json' }]),
      ],
      'from-file',
    ],
    [
      'a file of secrets with several values',
      [
        within(password({ name: 'db', key: 'password' })),
        store('secretstores.local.file', [
          { name: 'secretsFile', value: 'secrets.json' },
          { name: 'multiValued', value: 'true' },
        ]),
      ],
      'from-file',
    ],
  ])('fills in a secret from %s, and defaults', async (_where, resources, expected) => {
    await connections(...resources).open('it')
    expect(given.at(-1)?.metadata).toEqual({ host: 'a.dk', timeout: 30_000, password: expected })
  })

  it('faults where a secret, a store or the connection is missing, naming it', async () => {
    const detail = async (name: string, ...resources: unknown[]) =>
      connections(...resources)
        .open(name)
        .then(String, (error: unknown) => (error as Error).message)
    expect(await detail('it', password({ name: 'none' }))).toContain('There is no secret "none"')
    expect(await detail('it', password({ name: 'login', key: 'pin' }))).toContain('with the key "pin"')
    expect(await detail('it', within(password({ name: 'x' })))).toContain('There is no secret store "store"')
    expect(await detail('other', component([host]))).toContain('There is no connection "other"')
  })

  it('checks it, and lists connections without secret stores', async () => {
    const all = connections(component([host]), store('secretstores.local.env'))
    expect(all.list().map(({ name }) => name)).toEqual(['it'])
    expect(await all.check('it', AbortSignal.timeout(1000))).toBe('It works.')
  })
})
