import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { createHttpClient } from '../../http/index.ts'
import { faultOf, type Seen, serve } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityOptions } from '../activity.ts'
import { activityContext } from '../testing/index.ts'
import { callOpenapi } from './index.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A service that describes itself at `/api.json` (with `{origin}` in place), and says what it was asked elsewhere. */
async function service(
  description: Json | ((path: string) => Json | undefined),
  as: (d: Json) => string = JSON.stringify,
) {
  const answer = (request: Seen, response: ServerResponse) => {
    const found =
      typeof description === 'function'
        ? description(request.path)
        : request.path === '/api.json'
          ? description
          : undefined
    response.setHeader('content-type', 'application/json')
    if (found !== undefined) return void response.end(as(found).replaceAll('{origin}', server.origin))
    const { method, path, headers, body } = request
    response.end(JSON.stringify({ method, path, headers, body }))
  }
  const server = await serve(answer)
  closing.push(server.close)
  return server
}

function activity(options: Partial<ActivityOptions> = {}) {
  const http = createHttpClient({ environment: {} })
  closing.push(() => http.close())
  const openapi = callOpenapi({ dataFolder: '/nowhere', ...options })
  return (input: Json, context: Partial<ActivityContext> = {}) =>
    openapi.run(input, activityContext({ http, ...context })) as Promise<JsonObject>
}

/** Calls `op` of a description; gives what the service was asked. */
async function ask(description: Json, parameters?: JsonObject, more: JsonObject = {}, context = {}) {
  const { origin } = await service(description)
  const document = { endpoint: { uri: `${origin}/api.json` } }
  return activity()({ document, operationId: 'op', ...(parameters && { parameters }), ...more }, context)
}

const v3 = (operation: JsonObject, path = '/op', more: JsonObject = {}): Json => ({
  openapi: '3.1.0',
  info: { title: 't', version: '1' },
  paths: { [path]: { post: { operationId: 'op', responses: {}, ...operation } } },
  ...more,
})
const v2 = (operation: JsonObject, path = '/op', more: JsonObject = {}): Json => ({
  swagger: '2.0',
  info: { title: 't', version: '1' },
  paths: { [path]: { post: { operationId: 'op', responses: {}, ...operation } } },
  ...more,
})
const jsonBody = (schema: JsonObject, more: JsonObject = {}) => ({
  requestBody: { content: { 'application/json': { schema } }, ...more },
})
const person = { type: 'object', required: ['name'], properties: { name: { type: 'string' }, age: {} } }

describe('parameters', () => {
  const operation = {
    parameters: [
      { name: 'id', in: 'path', required: true, schema: {} },
      { name: 'tags', in: 'query', schema: { type: 'array' } },
      { name: 'X-Trace', in: 'header', schema: {} },
      { name: 'session', in: 'cookie', schema: {} },
      { name: 'Accept', in: 'header', schema: {} },
    ],
  }

  test('go where the description says, by name', async () => {
    const asked = await ask(v3(operation, '/op/{id}/x'), {
      id: 'a/b',
      tags: ['x', 'y z'],
      'x-trace': 't',
      session: 's',
    })
    expect(asked).toMatchObject({
      method: 'POST',
      path: '/op/a%2Fb/x?tags=x&tags=y%20z',
      headers: { 'x-trace': 't', cookie: 'session=s' },
    })
  })

  test.each([
    ['csv', '/op?tags=x,y'],
    ['ssv', '/op?tags=x%20y'],
    ['tsv', '/op?tags=x%09y'],
    ['pipes', '/op?tags=x%7Cy'],
    ['multi', '/op?tags=x&tags=y'],
    [undefined, '/op?tags=x,y'],
  ])('of Swagger 2.0 in the collection format %s', async (collectionFormat, path) => {
    const tags = { name: 'tags', in: 'query', type: 'array', ...(collectionFormat && { collectionFormat }) }
    expect(await ask(v2({ parameters: [tags] }), { tags: ['x', 'y'] })).toMatchObject({ path })
  })

  test("an operation's parameter comes before its path's of the same name and place", async () => {
    const description = v3({ parameters: [{ name: 'a', in: 'query', explode: false }] }) as {
      paths: { '/op': JsonObject }
    }
    description.paths['/op']['parameters'] = [
      { name: 'a', in: 'query', explode: true },
      { name: 'b', in: 'query' },
    ]
    expect(await ask(description, { a: [1, 2], b: 3 })).toMatchObject({ path: '/op?a=1,2&b=3' })
  })

  test('that are required and missing are a validation fault, and nothing is sent', async () => {
    for (const [missing, given] of [
      ['id', {}],
      ['id', { id: null }],
    ] as const) {
      const problem = await faultOf(ask(v3(operation, '/op/{id}'), given))
      expect(problem.type).toMatch(/validation$/)
      expect(problem.detail).toContain(`'${missing}'`)
    }
  })

  test('that the path needs but nobody described are missing too', async () => {
    expect((await faultOf(ask(v3({}, '/op/{id}'), {}))).type).toMatch(/validation$/)
  })

  test('that are required and missing have their default, where there is one', async () => {
    const limit = { name: 'limit', in: 'query', required: true, schema: { default: 10 } }
    expect(await ask(v3({ parameters: [limit] }))).toMatchObject({ path: '/op?limit=10' })
  })

  test.each(['.', '..', '%2e%2e'])('cannot lead to another path: %j', async (id) => {
    const sent = ask(v3(operation, '/op/{id}'), { id })
    if (id.startsWith('%')) expect(await sent).toMatchObject({ path: '/op/%252e%252e' })
    else expect((await faultOf(sent)).type).toMatch(/validation$/)
  })

  test('that the operation does not have are a validation fault', async () => {
    expect((await faultOf(ask(v3({}), { typo: 1 }))).detail).toContain("'typo'")
    expect((await faultOf(ask(v3(jsonBody(person)), { name: 'a', typo: 1 }))).detail).toContain("'typo'")
  })
})

describe('a body', () => {
  test.each([
    ['whole', { body: { name: 'Åse' } }],
    ['by its properties', { name: 'Åse' }],
  ])('of JSON is given %s', async (_how, parameters) => {
    const asked = await ask(v3(jsonBody(person)), parameters)
    expect(JSON.parse(asked['body'] as string)).toEqual({ name: 'Åse' })
    expect(asked['headers']).toMatchObject({ 'content-type': 'application/json' })
  })

  test('of Swagger 2.0 is given under its own name', async () => {
    const description = v2({ parameters: [{ name: 'pet', in: 'body', required: true, schema: person }] })
    for (const parameters of [{ pet: { name: 'a' } }, { body: { name: 'a' } }, { name: 'a' }]) {
      expect((await ask(description, parameters))['body']).toBe('{"name":"a"}')
    }
  })

  test('of a text as JSON is a JSON string', async () => {
    expect((await ask(v3(jsonBody({ type: 'string' })), { body: 'hej' }))['body']).toBe('"hej"')
  })

  test('has the properties of all schemas of allOf, through references', async () => {
    const schema = { allOf: [{ $ref: '#/components/schemas/Person' }, { properties: { extra: {} } }] }
    const components = { components: { schemas: { Person: person } } }
    const asked = await ask(v3(jsonBody(schema), '/op', components), { name: 'a', extra: 1 })
    expect(JSON.parse(asked['body'] as string)).toEqual({ name: 'a', extra: 1 })
  })

  test('may have other properties where its schema lets it', async () => {
    const asked = await ask(v3(jsonBody({ ...person, additionalProperties: true })), { name: 'a', more: 1 })
    expect(asked['body']).toBe('{"name":"a","more":1}')
  })

  test('that lacks what it needs is a validation fault', async () => {
    expect((await faultOf(ask(v3(jsonBody(person)), { age: 1 }))).detail).toContain("'name'")
    expect((await faultOf(ask(v3(jsonBody(person, { required: true })), {}))).type).toMatch(/validation$/)
  })

  test('that is optional and not given is not sent', async () => {
    expect(await ask(v3(jsonBody(person)), {})).toMatchObject({ body: '' })
  })

  test('of a form', async () => {
    const form = { 'application/x-www-form-urlencoded': { schema: person } }
    expect((await ask(v3({ requestBody: { content: form } }), { name: 'a b' }))['body']).toBe('name=a+b')
    const formData = [{ name: 'name', in: 'formData', type: 'string' }]
    expect((await ask(v2({ parameters: formData }), { name: 'a b' }))['body']).toBe('name=a+b')
  })

  test.each<[string, Json]>([
    [
      'Swagger 2.0',
      v2({
        parameters: [
          { name: 'note', in: 'formData', type: 'string' },
          { name: 'file', in: 'formData', type: 'file' },
        ],
      }),
    ],
    [
      'OpenAPI 3',
      v3({
        requestBody: {
          content: {
            'multipart/form-data': {
              schema: { properties: { note: {}, file: { type: 'string', format: 'binary' } } },
            },
          },
        },
      }),
    ],
  ])('of %s with a file takes it as Base64', async (_version, description) => {
    const asked = await ask(description, { note: 'hi', file: Buffer.from('indhold').toString('base64') })
    const form = await new Response(asked['body'] as string, {
      headers: { 'content-type': (asked['headers'] as JsonObject)['content-type'] as string },
    }).formData()
    expect(form.get('note')).toBe('hi')
    expect(await (form.get('file') as File).text()).toBe('indhold')
  })

  test('of bytes takes them as Base64, and nothing else', async () => {
    const description = v3({ requestBody: { content: { 'application/octet-stream': {} } } })
    expect((await ask(description, { body: 'aGVq' }))['body']).toBe('hej')
    expect((await faultOf(ask(description, { body: 'not base64!' }))).type).toMatch(/validation$/)
  })
})

describe('where it goes', () => {
  const pathOf = async (more: JsonObject, version = v3) => (await ask(version({}, '/op', more)))['path']

  test('a server may be relative to the description, absolute, or templated with defaults', async () => {
    expect(await pathOf({})).toBe('/op')
    expect(await pathOf({ servers: [{ url: 'v1/' }] })).toBe('/v1/op')
    expect(await pathOf({ servers: [{ url: '{origin}/abs' }] })).toBe('/abs/op')
    const variables = { stage: { default: 'test' } }
    expect(await pathOf({ servers: [{ url: '/{stage}', variables }] })).toBe('/test/op')
  })

  test("an operation's own server comes before the document's", async () => {
    const description = v3({ servers: [{ url: '/own' }] }, '/op', { servers: [{ url: '/all' }] })
    expect(await ask(description)).toMatchObject({ path: '/own/op' })
  })

  test('of Swagger 2.0 by host, base path and scheme, or where it was read', async () => {
    expect(await pathOf({ basePath: '/v2' }, v2)).toBe('/v2/op')
    const { origin } = await service(v2({}))
    expect(await pathOf({ host: new URL(origin).host, basePath: '/', schemes: ['http'] }, v2)).toBe('/op')
    expect((await faultOf(pathOf({ schemes: ['wss'] }, v2))).type).toMatch(/configuration$/)
  })

  test('a variable without a default is a configuration fault', async () => {
    expect((await faultOf(pathOf({ servers: [{ url: '/{stage}' }] }))).detail).toContain("'stage'")
  })
})

describe('security', () => {
  const schemes = {
    key: { type: 'apiKey', in: 'header', name: 'X-Key' },
    queryKey: { type: 'apiKey', in: 'query', name: 'k' },
    cookieKey: { type: 'apiKey', in: 'cookie', name: 'c' },
    token: { type: 'http', scheme: 'bearer' },
  }
  const secured = (...names: string[]) =>
    v3({ security: names.map((name) => ({ [name]: [] })) }, '/op', {
      components: { securitySchemes: schemes },
    })
  const authentication = { bearer: { use: 'api' } }
  const context = { secrets: { api: { token: 'tok' } } }

  test("the task's authentication goes into Authorization", async () => {
    const { headers } = await ask(secured('token'), {}, { authentication }, context)
    expect(headers).toMatchObject({ authorization: 'Bearer tok' })
    expect((await ask(v3({}), {}, { authentication }, context))['headers']).toMatchObject({
      authorization: 'Bearer tok',
    })
  })

  test('where only an API key is asked for, a bearer token is that key', async () => {
    const asked = await ask(secured('key'), {}, { authentication }, context)
    expect(asked['headers']).toMatchObject({ 'x-key': 'tok' })
    expect(asked['headers']).not.toHaveProperty('authorization')
    expect((await ask(secured('queryKey'), {}, { authentication }, context))['path']).toBe('/op?k=tok')
    expect((await ask(secured('cookieKey'), {}, { authentication }, context))['headers']).toMatchObject({
      cookie: 'c=tok',
    })
    expect((await ask(secured('key', 'token'), {}, { authentication }, context))['headers']).toMatchObject({
      authorization: 'Bearer tok',
    })
  })

  test('a key may be given among the parameters, by the name of its scheme or its header', async () => {
    expect((await ask(secured('key'), { key: 'k1' }))['headers']).toMatchObject({ 'x-key': 'k1' })
    expect((await ask(secured('key'), { 'X-Key': 'k2' }))['headers']).toMatchObject({ 'x-key': 'k2' })
  })

  test('a key is not shown in the output, nor kept in the address', async () => {
    const output = await ask(secured('queryKey'), { k: 'hush-hush' }, { output: 'response' })
    expect(JSON.stringify(output['request'])).not.toContain('hush-hush')
  })
})

describe('the description', () => {
  test.each<[string, (d: Json) => string]>([
    ['JSON', JSON.stringify],
    ['YAML', (d) => stringify(d)],
  ])('may be %s', async (_format, as) => {
    const { origin } = await service(v3({}), as)
    const input = { document: { endpoint: { uri: `${origin}/api.json` } }, operationId: 'op' }
    expect(await activity()(input)).toMatchObject({ path: '/op' })
  })

  test('may lie in the project, its references beside it, if its server is absolute', async () => {
    const projectFolder = mkdtempSync(join(tmpdir(), 'sluse-openapi-'))
    closing.push(() => rmSync(projectFolder, { recursive: true }))
    mkdirSync(join(projectFolder, 'apis', 'parts'), { recursive: true })
    const { origin } = await service(() => undefined)
    const parameters = [{ $ref: './parts/p.yaml#/q' }]
    const write = (file: string, value: Json) =>
      writeFileSync(join(projectFolder, 'apis', file), stringify(value))
    write('parts/p.yaml', { q: { name: 'q', in: 'query' } })
    write('api.yaml', v3({ parameters }, '/op', { servers: [{ url: origin }] }))
    write('relative.yaml', v3({}))
    const call = activity({ projectFolder })
    const input = (uri: string) => ({
      document: { endpoint: { uri } },
      operationId: 'op',
      parameters: { q: 1 },
    })
    expect(await call(input('apis/api.yaml'))).toMatchObject({ path: '/op?q=1' })
    expect(await call(input('file://apis/api.yaml'))).toMatchObject({ path: '/op?q=1' })
    const relative = { document: { endpoint: { uri: 'apis/relative.yaml' } }, operationId: 'op' }
    expect((await faultOf(call(relative))).type).toMatch(/configuration$/)
  })

  test('may refer to other documents of the web, but to no file', async () => {
    const refer = (reference: string) => (path: string) =>
      path === '/api.json'
        ? v3({ parameters: [{ $ref: reference }] })
        : path === '/shared.json'
          ? { p: { $ref: '#/other~1one' }, 'other/one': { name: 'q', in: 'query' } }
          : undefined
    const call = async (reference: string) => {
      const { origin } = await service(refer(reference))
      const document = { endpoint: { uri: `${origin}/api.json` } }
      return activity()({ document, operationId: 'op', parameters: { q: 1 } })
    }
    expect(await call('shared.json#/p')).toMatchObject({ path: '/op?q=1' })
    expect((await faultOf(call('file:///etc/passwd'))).type).toMatch(/configuration$/)
    expect((await faultOf(call('shared.json#/none'))).detail).toContain('leads nowhere')
  })

  test('that refers to itself in a circle is a configuration fault', async () => {
    const components = { components: { a: { $ref: '#/components/b' }, b: { $ref: '#/components/a' } } }
    const problem = await faultOf(ask(v3({ parameters: [{ $ref: '#/components/a' }] }, '/op', components)))
    expect(problem.detail).toContain('circle')
  })

  test('whose schema contains itself does no harm', async () => {
    const node = { properties: { value: {}, next: { $ref: '#/components/schemas/Node' } } }
    const components = { components: { schemas: { Node: node } } }
    const schema = { $ref: '#/components/schemas/Node' }
    const asked = await ask(v3(jsonBody(schema), '/op', components), { value: 1, next: { value: 2 } })
    expect(asked['body']).toBe('{"value":1,"next":{"value":2}}')
    const circle = { allOf: Array(30).fill({ $ref: '#/components/schemas/C' }) }
    const all = { components: { schemas: { C: circle } } }
    expect(await ask(v3(jsonBody(circle), '/op', all), { any: 1 })).toMatchObject({ body: '{"any":1}' })
  })

  test('is read once, and later asked for by its ETag; where that fails the one before is used', async () => {
    let online = true
    const server = await serve(({ path, headers }, response) => {
      if (path !== '/api.json') return void response.end('{}')
      if (!online) return void response.writeHead(500).end()
      if (headers['if-none-match'] === '"1"') return void response.writeHead(304).end()
      response.writeHead(200, { etag: '"1"' }).end(JSON.stringify(v3({})))
    })
    closing.push(server.close)
    const { createDocuments } = await import('./documents.ts')
    let time = 0
    const open = createDocuments({ dataFolder: '/nowhere' }, () => time)
    const http = createHttpClient({ environment: {} })
    closing.push(() => http.close())
    const read = () => open({ uri: `${server.origin}/api.json` }, activityContext({ http }))
    await read()
    await read()
    expect(server.requests.length).toBe(1)
    time = 61_000
    expect((await read()).root).toMatchObject({ openapi: '3.1.0' })
    expect(server.requests[1]?.headers['if-none-match']).toBe('"1"')
    time = 122_000
    online = false
    expect((await read()).root).toMatchObject({ openapi: '3.1.0' })
    expect(server.requests.length).toBe(3)
  })

  test.each<[string, Json]>([
    ['a document that is no OpenAPI', { hello: 'world' }],
    ['a version that is not supported', { openapi: '4.0.0', paths: {} }],
    ['a list', []],
    ['no paths', { openapi: '3.0.0' }],
    ['paths that are none', { openapi: '3.0.0', paths: { '/a': null } }],
  ])('%s is a configuration fault', async (_what, description) => {
    expect((await faultOf(ask(description))).type).toMatch(/configuration$/)
  })

  test('an operation that is not there is told with those that are', async () => {
    const { origin } = await service(v3({}))
    const input = { document: { endpoint: { uri: `${origin}/api.json` } }, operationId: 'nope' }
    expect((await faultOf(activity()(input))).detail).toMatch(/no operation 'nope'.*op/)
  })
})

test('the answer is given as a call over HTTP gives it, and a status that is no success is its fault', async () => {
  const server = await serve(({ path }, response) => {
    if (path === '/api.json') return void response.end(JSON.stringify(v3({})))
    response.writeHead(418, "I'm a teapot").end()
  })
  closing.push(server.close)
  const input = { document: { endpoint: { uri: `${server.origin}/api.json` } }, operationId: 'op' }
  expect(await faultOf(activity()(input))).toMatchObject({ status: 418, title: "I'm a teapot" })
})

test('an operation that would act again carries the idempotency key', async () => {
  const asked = await ask(v3({}), {}, {}, { idempotencyKey: 'key-1' })
  expect(asked['headers']).toMatchObject({ 'idempotency-key': 'key-1' })
})

test('what the operation answers with is what is asked for, JSON first', async () => {
  const responses = {
    200: { content: { 'text/csv': {}, 'application/json': {} } },
    404: { content: { 'text/html': {} } },
  }
  expect((await ask(v3({ responses })))['headers']).toMatchObject({ accept: 'application/json, text/csv' })
})
