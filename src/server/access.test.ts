import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionEntry, roles, type Permission } from '../access/index.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

const pipeline = (
  namespace: string,
) => `document: { dsl: '1.0.3', namespace: ${namespace}, name: echo, version: '1.0.0' }
do:
  - say: { set: { said: '\${ . }' } }
`
const files = { 'pipelines/a.yaml': pipeline('here'), 'pipelines/b.yaml': pipeline('there') }

let server: TestServer
const keys = new Map<string, string>()
let run = ''
beforeAll(async () => {
  server = await openServer(files, { flags: { auth: 'local' } })
  const make = async (name: string, role: string) => {
    const { json } = await server.call('POST', '/api/v1/keys', { json: { name, roles: [role] } })
    keys.set(name, json.secret as string)
  }
  for (const role of roles) {
    await make(role, role)
    await make(`${role}@here`, `${role}@here`)
  }
  await make('sender', 'operator:events.publish')
  await make('operator@there', 'operator@there')
  run = (await server.call('POST', '/api/v1/pipelines/here/echo/runs')).json.id as string
})
afterAll(() => server.close())

const as = (name: string) => ({ authorization: `Bearer ${keys.get(name)}` })

interface Operation {
  readonly method: string
  readonly path: string
  readonly permission: Permission | undefined
  readonly open: boolean
}

function operations(): Operation[] {
  const { paths } = server.server.swagger() as unknown as {
    paths: { [path: string]: { [method: string]: { security?: unknown[]; 'x-permission'?: Permission } } }
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      permission: operation['x-permission'],
      open: operation.security?.length === 0,
    })),
  )
}

/** An address of the operation, in a namespace. What is asked for need not be there: who may not is not told. */
const addressOf = ({ path }: Operation, namespace = 'here') =>
  path
    .replace('{namespace}', namespace)
    .replace('{name}', 'echo')
    .replace('{subject}', 'nobody')
    .replace('/runs/{id}', `/runs/${run}`)
    .replace('{id}', 'none')

const ask = async (operation: Operation, headers: { [name: string]: string }, namespace?: string) => {
  const gone = new AbortController()
  const answer = await fetch(`${server.url}${addressOf(operation, namespace)}`, {
    method: operation.method,
    headers,
    signal: gone.signal,
    redirect: 'manual',
  })
  // What is live has no end.
  gone.abort()
  return answer.status
}

describe('every operation of the API', () => {
  test('says who may use it, or that anybody may', () => {
    const open = operations().filter((each) => each.open)
    expect(open.map(({ path }) => path).sort()).toEqual([
      '/auth/callback',
      '/auth/sign-in',
      '/health',
      // Who may push is said by the connection, and nobody may where it says nothing.
      '/in/{connection}',
      '/ready',
    ])
    const anyone = operations().filter((each) => !each.open && each.permission === undefined)
    expect(anyone.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'GET /api/v1/keys',
      'GET /api/v1/me',
      'POST /api/v1/keys/{id}/revoke',
      'POST /auth/sign-out',
    ])
  })

  test('is refused without a valid key', async () => {
    for (const operation of operations().filter((each) => !each.open)) {
      const wrong = { authorization: `Bearer sluse_aaaaaaaaaaaa_${'a'.repeat(43)}` }
      // Not known; and after many such, not even looked at.
      expect([401, 429], operation.path).toContain(await ask(operation, wrong))
    }
  })

  test('is open to the roles that its permission names, and refused to all others', async () => {
    const checked: string[] = []
    for (const operation of operations()) {
      const { permission, method, path } = operation
      if (permission === undefined) continue
      for (const role of roles) {
        const may = permissionEntry(permission).roles.includes(role)
        const status = await ask(operation, as(role))
        expect(status !== 403 && status !== 401, `${role}: ${method} ${path} answered ${status}`).toBe(may)
        checked.push(`${role} ${method} ${path}`)
      }
    }
    expect(checked.length).toBe(roles.length * operations().filter((each) => each.permission).length)
  })

  test('that is of a namespace is refused to who has the role in another', async () => {
    for (const operation of operations()) {
      if (operation.permission === undefined || !operation.path.includes('{namespace}')) continue
      for (const role of permissionEntry(operation.permission).roles) {
        expect(await ask(operation, as(`${role}@here`), 'there'), `${role} ${operation.path}`).toBe(403)
        expect(await ask(operation, as(`${role}@here`), 'here'), `${role} ${operation.path}`).not.toBe(403)
      }
    }
  })
})

describe('lists', () => {
  test('hold what is of the namespaces that one sees, and nothing else', async () => {
    await server.call('POST', '/api/v1/pipelines/there/echo/runs')
    const seen = async (name: string, path: string) =>
      (await server.call('GET', path, { headers: as(name) })).json
    const namespaces = async (name: string) => {
      const { runs } = await seen(name, '/api/v1/runs')
      return new Set(runs.map((each: { definition: { namespace: string } }) => each.definition.namespace))
    }
    expect(await namespaces('viewer@here')).toEqual(new Set(['here']))
    expect(await namespaces('viewer')).toEqual(new Set(['here', 'there']))
    const { pipelines } = await seen('viewer@here', '/api/v1/pipelines')
    expect(pipelines.map((each: { namespace: string }) => each.namespace)).toEqual(['here'])
  })

  test('of many runs at once are acted on one by one', async () => {
    const { json } = await server.call('POST', '/api/v1/runs/bulk', {
      json: { action: 'rerun', ids: [run, 'none'] },
      headers: as('operator@there'),
    })
    expect(json.results).toEqual([
      { id: run, ok: false, code: 'SLUSE-FORBIDDEN' },
      { id: 'none', ok: false, code: 'SLUSE-RUN-NOT-FOUND' },
    ])
  })
})

describe('a key', () => {
  const made = async (body: object, headers = {}) =>
    server.call('POST', '/api/v1/keys', { json: body, headers })

  test('is told once, and kept as a hash', async () => {
    const { json } = await made({ name: 'form server', roles: ['operator@here'], days: 30 })
    expect(json.secret).toMatch(/^sluse_[a-z0-9]{12}_[\w-]{43}$/)
    expect(json.key).toMatchObject({
      name: 'form server',
      prefix: json.secret.slice(0, 19),
      roles: ['operator@here'],
    })
    const rows = JSON.stringify(await server.app.database.query('SELECT * FROM api_keys'))
    expect(rows).not.toContain(json.secret.slice(19))
    const { json: listed } = await server.call('GET', '/api/v1/keys')
    expect(JSON.stringify(listed)).not.toContain(json.secret.slice(19))
  })

  test('for one purpose is good for nothing else', async () => {
    const event = { specversion: '1.0', id: 'k', source: '/s', type: 't' }
    const sent = await server.call('POST', '/events', {
      body: JSON.stringify(event),
      headers: { ...as('sender'), 'content-type': 'application/cloudevents+json' },
    })
    expect(sent.status).toBe(202)
    expect((await server.call('GET', '/api/v1/events', { headers: as('sender') })).status).toBe(403)
    expect((await server.call('GET', `/api/v1/runs/${run}/timeline`, { headers: as('sender') })).status).toBe(
      403,
    )
  })

  test('gives no more than its maker has', async () => {
    for (const role of ['approver', 'security-officer', 'operator']) {
      const { json } = await made({ name: 'x', roles: [role] }, as('administrator'))
      expect(json, role).toMatchObject({ status: 422, code: 'SLUSE-KEY' })
    }
    expect((await made({ name: 'x', roles: ['administrator@here'] }, as('administrator'))).status).toBe(201)
  })

  test.each([
    ['no role', { name: 'x', roles: [] }],
    ['a role that there is not', { name: 'x', roles: ['boss'] }],
    ['two years', { name: 'x', roles: ['viewer'], days: 730 }],
    ['no name', { name: '', roles: ['viewer'] }],
  ])('is not made with %s', async (_what, body) => {
    expect([400, 422]).toContain((await made(body)).status)
  })

  test('that is revoked is worthless at once', async () => {
    const { json } = await made({ name: 'x', roles: ['viewer'] })
    const headers = { authorization: `Bearer ${json.secret}` }
    expect((await server.call('GET', '/api/v1/me', { headers })).json).toMatchObject({
      kind: 'machine',
      via: 'key',
    })
    expect(
      (await server.call('POST', `/api/v1/keys/${json.key.id}/revoke`, { headers: as('viewer') })).status,
    ).toBe(403)
    const revoked = await server.call('POST', `/api/v1/keys/${json.key.id}/revoke`, {
      headers: as('security-officer'),
    })
    expect(revoked.json).toMatchObject({ revokedBy: expect.stringMatching(/^key:/) as string })
    expect((await server.call('GET', '/api/v1/me', { headers })).status).toBe(401)
  })

  test('of one’s own is made and revoked by oneself; a machine has none', async () => {
    const { json } = await server.call('POST', '/api/v1/keys/own', {
      json: { name: 'cli', roles: ['approver'] },
    })
    const headers = { authorization: `Bearer ${json.secret}` }
    expect((await server.call('GET', '/api/v1/me', { headers })).json).toMatchObject({
      subject: 'local',
      roles: [expect.stringContaining('approver@*') as string],
    })
    expect((await server.call('POST', `/api/v1/keys/${json.key.id}/revoke`, { headers })).status).toBe(200)
    const machine = await server.call('POST', '/api/v1/keys/own', {
      json: { name: 'cli', roles: ['viewer'] },
      headers: as('viewer'),
    })
    expect(machine.json).toMatchObject({ code: 'SLUSE-KEY' })
  })
})

test('with keys alone, nobody else gets in', async () => {
  const strict = await openServer(files, { flags: { auth: 'keys' } })
  try {
    expect((await strict.call('GET', '/api/v1/me')).status).toBe(401)
    expect((await strict.call('GET', '/auth/sign-in')).json).toMatchObject({ code: 'SLUSE-SIGN-IN-FAILED' })
  } finally {
    await strict.close()
  }
})

test('in dev mode, one is told so', async () => {
  const dev = await openServer(files, { editable: true, app: { dev: true } })
  try {
    expect((await dev.call('GET', '/api/v1/me')).json).toMatchObject({
      mode: 'dev',
      kind: 'local',
      subject: 'local',
    })
  } finally {
    await dev.close()
  }
})
