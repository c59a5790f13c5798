import { createHash } from 'node:crypto'
import { describe, expect } from 'vitest'
import type { Json } from '../../../src/workflow/index.ts'
import { petStore } from '../../servers/web/pet-store.ts'
import { feature } from '../feature.ts'
import { useHarness } from './harness.ts'

const communication = 'https://serverlessworkflow.io/spec/1.0.0/errors/communication'

/** dsl-reference.md, "HTTP Call", "OpenAPI Call", "Authentication". */
describe('calls over HTTP', () => {
  let tokens = 0
  const issue = () => ({
    body: { access_token: `t${(tokens += 1)}`, token_type: 'Bearer', expires_in: 3600 },
  })
  const { output, error, requests } = useHarness({
    'api.example': (request) => {
      const { method, path, query, headers, text, json } = request
      if (path === '/echo')
        return {
          body: {
            method,
            query: [...query],
            text,
            json: json ?? null,
            x: headers['x-one'] ?? null,
            type: headers['content-type'] ?? null,
          },
        }
      if (path === '/text') return { body: 'plain' }
      if (path === '/json-problem')
        return { headers: { 'content-type': 'application/problem+json' }, body: { a: 1 } }
      if (path === '/bytes') return { body: new Uint8Array([0, 255, 1]) }
      if (path === '/moved') return { status: 302, headers: { location: '/text' } }
      if (path === '/who') return { body: headers['authorization'] ?? null }
      if (path === '/nothing') return { status: 204 }
      return undefined
    },
    'petstore.swagger.io': petStore(),
    'digest.example': ({ headers, method }) => digest(headers['authorization'], method),
    'login.example': ({ path }) => {
      if (path === '/.well-known/openid-configuration')
        return { body: { issuer: 'https://login.example', token_endpoint: 'https://login.example/found' } }
      return path === '/oauth2/token' || path === '/found' ? issue() : undefined
    },
    'openapi.example': ({ path, query, headers, json, method }) => {
      if (path === '/v3.json') return { body: openapi3 }
      if (path.startsWith('/api/'))
        return { body: { method, path, q: query.getAll('q'), h: headers['x-h'] ?? null, json: json ?? null } }
      return undefined
    },
  })
  const http = (args: object) => [{ call: { call: 'http', with: { method: 'get', ...args } } }]
  const get = (path: string, args: object = {}) => http({ endpoint: `https://api.example${path}`, ...args })

  feature('http.request', 'method, headers, query and body are sent', async () => {
    const tasks = get('/echo', {
      method: 'PoSt',
      headers: { 'X-One': '${ .h }' },
      query: { a: '${ .q }', b: 'x y' },
      body: { n: '${ .n }' },
    })
    expect(await output(tasks, { input: { h: 'head', q: 'que', n: 1 } })).toMatchObject({
      method: 'POST',
      query: [
        ['a', 'que'],
        ['b', 'x y'],
      ],
      json: { n: 1 },
      x: 'head',
      type: expect.stringContaining('application/json'),
    })
  })

  feature('http.request', 'headers and query may each be one expression', async () => {
    const tasks = get('/echo', { headers: '${ .headers }', query: '${ .query }' })
    const input = { headers: { 'x-one': 'head' }, query: { a: 'b' } }
    expect(await output(tasks, { input })).toMatchObject({ x: 'head', query: [['a', 'b']] })
  })

  feature('http.request', 'a text is sent as it is', async () => {
    const tasks = get('/echo', {
      method: 'put',
      headers: { 'content-type': 'text/plain' },
      body: 'just text',
    })
    expect(await output(tasks)).toMatchObject({ text: 'just text', type: 'text/plain' })
  })

  feature('http.content', 'JSON is parsed, text is text, nothing is null', async () => {
    expect(await output(get('/json-problem'))).toEqual({ a: 1 })
    expect(await output(get('/text'))).toBe('plain')
    expect(await output(get('/text', { output: 'content' }))).toBe('plain')
    expect(await output(get('/nothing'))).toBeNull()
  })

  feature('http.raw', 'raw is the body in Base64, whatever it is', async () => {
    expect(await output(get('/bytes', { output: 'raw' }))).toBe(Buffer.from([0, 255, 1]).toString('base64'))
    expect(await output(get('/text', { output: 'raw' }))).toBe(Buffer.from('plain').toString('base64'))
  })

  feature('http.response', 'response is the whole exchange', async () => {
    expect(await output(get('/text', { output: 'response', headers: { 'x-one': '1' } }))).toEqual({
      request: {
        method: expect.stringMatching(/^get$/i),
        uri: 'https://api.example/text',
        headers: expect.objectContaining({ 'x-one': '1' }),
      },
      statusCode: 200,
      headers: expect.objectContaining({ 'content-type': 'text/plain' }),
      content: 'plain',
    })
  })

  feature('http.redirect', 'a redirect is an error unless it is asked for', async () => {
    expect(await error(get('/moved'))).toMatchObject({ type: communication, status: 302 })
    expect(await error(get('/moved', { output: 'response' }))).toMatchObject({ status: 302 })
    expect(await output(get('/moved', { redirect: true }))).toBe('plain')
  })

  feature('http.unreachable', 'a host that is not there is a communication error', async () => {
    expect(await error(http({ endpoint: 'https://nowhere.example/' }))).toMatchObject({
      type: communication,
      instance: '/do/0/call',
    })
  })

  feature(
    'error.communication',
    'the status of an answer is that of the error, whatever the output',
    async () => {
      expect(await error(get('/none', { output: 'raw' }))).toMatchObject({ type: communication, status: 404 })
    },
  )

  const signedIn = (authentication: object, uri = 'https://api.example/who') =>
    http({ endpoint: { uri, authentication } })

  feature('authentication.basic', 'basic sends name and password', async () => {
    const tasks = signedIn({ basic: { username: 'æ', password: '${ .p }' } })
    const expected = `Basic ${Buffer.from('æ:secret').toString('base64')}`
    expect(await output(tasks, { input: { p: 'secret' } })).toBe(expected)
  })

  feature('authentication.bearer', 'bearer sends the token', async () => {
    expect(await output(signedIn({ bearer: { token: '${ .t }' } }), { input: { t: 'abc' } })).toBe(
      'Bearer abc',
    )
  })

  feature('authentication.digest', 'digest answers the challenge', async () => {
    const policy = { digest: { username: 'Mufasa', password: 'Circle of Life' } }
    expect(await output(signedIn(policy, 'https://digest.example/'))).toBe('welcome')
    expect(
      await error(signedIn({ digest: { username: 'Mufasa', password: 'wrong' } }, 'https://digest.example/')),
    ).toMatchObject({
      status: 401,
    })
  })

  feature('authentication.secret', 'each scheme takes its properties from a secret', async () => {
    const secrets = {
      b: { username: 'u', password: 'p' },
      t: { token: 'abc' },
      o: {
        authority: 'https://login.example',
        grant: 'client_credentials',
        client: { id: 'i', secret: 's' },
      },
    }
    const using = (authentication: object) => ({
      use: { secrets: ['b', 't', 'o'] },
      do: signedIn(authentication),
    })
    expect(await output(using({ basic: { use: 'b' } }), { secrets })).toBe(`Basic ${btoa('u:p')}`)
    expect(await output(using({ bearer: { use: 't' } }), { secrets })).toBe('Bearer abc')
    expect(await output(using({ oauth2: { use: 'o' } }), { secrets })).toMatch(/^Bearer t\d+$/)
  })

  const client = { id: 'me', secret: 'mine' }

  feature('authentication.oauth2', 'oauth2 asks the token endpoint once, for what is said', async () => {
    const policy = {
      oauth2: {
        authority: 'https://login.example',
        grant: 'client_credentials',
        client,
        scopes: ['read', 'write'],
      },
    }
    const first = await output(signedIn(policy))
    expect(await output(signedIn(policy))).toBe(first)
    const asked = requests.filter(({ host }) => host === 'login.example')
    expect(asked.map(({ path }) => path)).toEqual(['/oauth2/token'])
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.text))).toMatchObject({
      grant_type: 'client_credentials',
      client_id: 'me',
      client_secret: 'mine',
      scope: 'read write',
    })
  })

  feature('authentication.oidc', 'oidc finds the token endpoint by discovery', async () => {
    const policy = { oidc: { authority: 'https://login.example', grant: 'client_credentials', client } }
    expect(await output(signedIn(policy))).toMatch(/^Bearer t/)
    expect(requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/found', '/who'])
  })

  feature('authentication.fails', 'a token that cannot be got is an authentication error', async () => {
    const policy = {
      oauth2: {
        authority: 'https://login.example',
        grant: 'client_credentials',
        client,
        endpoints: { token: '/none' },
      },
    }
    expect(await error(signedIn(policy))).toMatchObject({
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/authentication',
      status: 401,
    })
    expect(requests.map(({ host }) => host)).not.toContain('api.example')
  })

  const openapi = (operationId: string, parameters: object = {}) => [
    {
      call: {
        call: 'openapi',
        with: { document: { endpoint: 'https://openapi.example/v3.json' }, operationId, parameters },
      },
    },
  ]

  feature('openapi.v3', 'parameters go where the document says', async () => {
    const parameters = { id: 7, q: ['a', 'b'], 'x-h': 'head', body: { n: 1 } }
    expect(await output(openapi('change', parameters))).toEqual({
      method: 'PUT',
      path: '/api/things/7',
      q: ['a', 'b'],
      h: 'head',
      json: { n: 1 },
    })
  })

  feature('openapi.swagger2', 'host, base path and parameters come from the document', async () => {
    const args = (operationId: string, parameters: object) => ({
      document: { endpoint: 'https://petstore.swagger.io/v2/swagger.json' },
      operationId,
      parameters,
    })
    const tasks = (name: string, parameters: object) => [
      {
        call: {
          call: 'openapi',
          with: args(name, parameters),
          output: { as: 'if type == "array" then map(.id) else .id end' },
        },
      },
    ]
    expect(await output(tasks('getPetById', { petId: 3 }))).toBe(3)
    expect(await output(tasks('findPetsByStatus', { status: ['pending'] }))).toEqual([2, 5, 8])
  })

  feature('openapi.unknown', 'an operation that is not there is an error that names it', async () => {
    expect((await error(openapi('vanish'))).detail).toContain('vanish')
  })
})

/** RFC 7616, with MD5 and qop auth: as simple as a server can have it. */
function digest(authorization: string | undefined, method: string) {
  const challenge = {
    status: 401,
    headers: { 'www-authenticate': 'Digest realm="r", qop="auth", nonce="n1", algorithm=MD5' },
  }
  if (!authorization) return challenge
  const part = (name: string) => authorization.match(new RegExp(`${name}="?([^",]+)"?`))?.[1] ?? ''
  const md5 = (text: string) => createHash('md5').update(text).digest('hex')
  const expected = md5(
    [
      md5('Mufasa:r:Circle of Life'),
      'n1',
      part('nc'),
      part('cnonce'),
      'auth',
      md5(`${method}:${part('uri')}`),
    ].join(':'),
  )
  return part('response') === expected ? { body: 'welcome' } : challenge
}

const openapi3: Json = {
  openapi: '3.0.3',
  info: { title: 'Things', version: '1' },
  servers: [{ url: 'https://openapi.example/api' }],
  paths: {
    '/things/{id}': {
      put: {
        operationId: 'change',
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
          { name: 'q', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
          { name: 'x-h', in: 'header', schema: { type: 'string' } },
        ],
        requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
        responses: { '200': { description: 'ok' } },
      },
    },
  },
}
