import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../workflow/index.ts'
import { createHttpClient, type HttpClient } from '../index.ts'
import { faultOf, noAccess, serve, type TestServer } from '../testing/index.ts'

/** A real OpenID provider, and a service that takes its tokens. */
let issuer: string
let provider: Provider
let service: TestServer
const closing: (() => Promise<unknown>)[] = []
const asked: string[] = []
const secret = 'a secret of more than thirty-two letters'
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

beforeAll(async () => {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    handle(request, response)
  })
  let handle: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    response.end()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  provider = newProvider(issuer)
  const callback = provider.callback()
  handle = (request, response) => void callback(request, response)
  service = await serve(async ({ headers }, response) => {
    const token = (headers.authorization ?? '').replace('Bearer ', '')
    const found = (await provider.ClientCredentials.find(token)) ?? (await provider.AccessToken.find(token))
    if (!found) return void response.writeHead(401).end()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ client: found.clientId, scope: found.scope ?? null }))
  })
  closing.push(service.close, () => new Promise((done) => server.close(done)))
  closing.push(async () => server.closeAllConnections())
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

const clients: HttpClient[] = []
afterEach(async () => {
  asked.length = 0
  for (const client of clients.splice(0)) await client.close()
})
const open = () => {
  const client = createHttpClient({ environment: {} })
  clients.push(client)
  return client
}

/** Calls the service with a policy; gives what it says about the token. */
const call = async (policy: JsonObject, client = open(), secrets = {}) => {
  const answer = await client.send(
    { method: 'GET', uri: service.origin, authentication: policy },
    noAccess(secrets),
  )
  return JSON.parse(Buffer.from(answer.body).toString()) as JsonObject
}
const oidc = (more: JsonObject): JsonObject => ({
  oidc: { authority: issuer, grant: 'client_credentials', ...more },
})
const tokenRequests = () => asked.filter((path) => path === '/token').length

describe('client authentication', () => {
  test.each(['client_secret_post', 'client_secret_basic', 'client_secret_jwt'])(
    'by %s',
    async (authentication) => {
      const client = { id: authentication, secret, authentication }
      expect(await call(oidc({ client, scopes: ['api:read'] }))).toEqual({
        client: authentication,
        scope: 'api:read',
      })
    },
  )

  test('by private_key_jwt, with the assertion that the policy gives', async () => {
    const client = {
      id: 'private_key_jwt',
      authentication: 'private_key_jwt',
      assertion: assertion('private_key_jwt'),
    }
    expect(await call(oidc({ client }))).toMatchObject({ client: 'private_key_jwt' })
  })

  test('client_secret_post is what is meant where nothing is said', async () => {
    expect(await call(oidc({ client: { id: 'client_secret_post', secret } }))).toMatchObject({
      client: 'client_secret_post',
    })
  })

  test('by a secret that holds the whole policy', async () => {
    const held = {
      authority: issuer,
      grant: 'client_credentials',
      client: { id: 'client_secret_post', secret },
    }
    expect(await call({ oidc: { use: 'provider' } }, open(), { provider: held })).toMatchObject({
      client: 'client_secret_post',
    })
  })
})

describe('grants', () => {
  const client = { id: 'people', secret }

  test('password', async () => {
    const policy = oidc({
      grant: 'password',
      client,
      username: 'anna',
      password: 'p&ss=wørd',
      scopes: ['api:read'],
    })
    expect(await call(policy)).toEqual({ client: 'people', scope: 'api:read' })
  })

  test('refresh_token, with the refresh token as subject; one that is rotated is remembered', async () => {
    const type = 'urn:ietf:params:oauth:token-type:refresh_token'
    const policy = oidc({ grant: 'refresh_token', client, subject: { token: await newRefreshToken(), type } })
    const http = open()
    expect(await call(policy, http)).toMatchObject({ client: 'people' })
    // The provider refuses a refresh token that was used: only the one that it gave instead can work now.
    await revokeAll()
    expect(await call(policy, http)).toMatchObject({ client: 'people' })
    expect(tokenRequests()).toBe(2)
  })

  test('token exchange, with subject and actor', async () => {
    const { parameter } = await open().authorize(
      oidc({ client: { id: 'client_secret_post', secret } }),
      noAccess(),
    )
    const policy = oidc({
      grant: 'urn:ietf:params:oauth:grant-type:token-exchange',
      client,
      subject: { token: parameter, type: 'access_token' },
      actor: { token: parameter, type: 'urn:ietf:params:oauth:token-type:access_token' },
      audiences: ['urn:a', 'urn:b'],
      scopes: ['api:read'],
    })
    expect(await call(policy)).toEqual({ client: 'people', scope: 'exchanged api:read urn:a,urn:b' })
  })
})

describe('discovery', () => {
  const client = { id: 'client_secret_post', secret }

  test('an authority may already end with the well-known path, or with a slash', async () => {
    for (const authority of [`${issuer}/.well-known/openid-configuration`, `${issuer}/`]) {
      expect(await call(oidc({ authority, client }))).toMatchObject({ client: 'client_secret_post' })
    }
  })

  test('a provider that calls itself otherwise is not believed', async () => {
    const posing = await serve((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }))
    })
    closing.push(posing.close)
    const problem = await faultOf(call(oidc({ authority: posing.origin, client })))
    expect(problem).toMatchObject({ status: 401 })
    expect(problem.type).toMatch(/authentication$/)
    // Unless the definition says that it is expected.
    expect(await call(oidc({ authority: posing.origin, client, issuers: [issuer] }))).toMatchObject({
      client: 'client_secret_post',
    })
  })

  test.each([
    ['nobody', 'http://127.0.0.1:1'],
    ['a service that is no provider', 'service'],
  ])('%s at the authority is an authentication fault', async (_who, authority) => {
    const problem = await faultOf(
      call(oidc({ authority: authority === 'service' ? service.origin : authority, client })),
    )
    expect([problem.status, problem.type.replace(/.*\//, '')]).toEqual([401, 'authentication'])
  })
})

describe('plain oauth2', () => {
  const policy = (more: JsonObject = {}): JsonObject => ({
    oauth2: {
      authority: issuer,
      endpoints: { token: '/token', introspection: '/token/introspection' },
      grant: 'client_credentials',
      client: { id: 'client_secret_post', secret },
      ...more,
    },
  })

  test('takes its endpoints from the policy, and asks for no discovery', async () => {
    expect(await call(policy())).toMatchObject({ client: 'client_secret_post' })
    expect(asked).toEqual(['/token'])
  })

  test('asks by introspection who issued a token that does not say', async () => {
    expect(await call(policy({ issuers: [issuer] }))).toMatchObject({ client: 'client_secret_post' })
    expect(asked).toEqual(['/token', '/token/introspection'])
    expect((await faultOf(call(policy({ issuers: ['https://other.example'] })))).status).toBe(401)
  })

  test('an assertion with a shared key is made out to the token endpoint', async () => {
    expect(
      await call(
        policy({ client: { id: 'client_secret_jwt', secret, authentication: 'client_secret_jwt' } }),
      ),
    ).toMatchObject({ client: 'client_secret_jwt' })
  })
})

describe('tokens', () => {
  const client = { id: 'client_secret_post', secret }

  test('are kept: one for many calls with the same policy, another for another policy', async () => {
    const http = open()
    for (let i = 0; i < 3; i += 1) await call(oidc({ client }), http)
    expect(tokenRequests()).toBe(1)
    await call(oidc({ client, scopes: ['api:read'] }), http)
    expect(tokenRequests()).toBe(2)
  })

  test('are asked for once by all who need one at the same time', async () => {
    const http = open()
    await Promise.all(Array.from({ length: 20 }, () => call(oidc({ client }), http)))
    expect(tokenRequests()).toBe(1)
  })

  test('that were revoked are renewed once, and the call goes on', async () => {
    const http = open()
    await call(oidc({ client }), http)
    await revokeAll()
    expect(await call(oidc({ client }), http)).toMatchObject({ client: 'client_secret_post' })
    expect(tokenRequests()).toBe(2)
  })

  test('that are good, but not for this service, end with its 401 after one renewal', async () => {
    const refusing = await serve((_request, response) => void response.writeHead(401).end())
    closing.push(refusing.close)
    const problem = await faultOf(
      open().send({ method: 'GET', uri: refusing.origin, authentication: oidc({ client }) }, noAccess()),
    )
    expect([problem.status, problem.type.replace(/.*\//, '')]).toEqual([401, 'communication'])
    expect(refusing.requests.length).toBe(2)
  })

  test('are what authorize gives', async () => {
    const { scheme, parameter } = await open().authorize(oidc({ client }), noAccess())
    expect(scheme).toBe('Bearer')
    expect(await provider.ClientCredentials.find(parameter)).toBeDefined()
  })
})

test('a refusal of the provider is an authentication fault that names its error and no secret', async () => {
  const problem = await faultOf(
    call(oidc({ client: { id: 'client_secret_post', secret: 'the wrong secret' } })),
  )
  expect(problem).toMatchObject({ status: 401 })
  expect(problem.type).toMatch(/authentication$/)
  expect(problem.detail).toContain('invalid_client')
  expect(JSON.stringify(problem)).not.toContain('the wrong secret')
  expect(service.requests.at(-1)?.headers.authorization ?? '').not.toContain('wrong')
})

const issued = new Set<string>()
async function revokeAll(): Promise<void> {
  for (const token of issued) {
    await (await provider.ClientCredentials.find(token))?.destroy()
    await (await provider.AccessToken.find(token))?.destroy()
  }
  issued.clear()
}

async function newRefreshToken(): Promise<string> {
  const form = {
    grant_type: 'password',
    client_id: 'people',
    client_secret: secret,
    username: 'anna',
    password: 'p&ss=wørd',
  }
  const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })
  asked.length = 0
  return ((await answer.json()) as { refresh_token: string }).refresh_token
}

/** RFC 7523: a client's own signature in the place of a secret. */
function assertion(id: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: id, sub: id, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60 }
  const input = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

function newProvider(address: string): Provider {
  const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const common = {
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256' as const,
    response_types: [] as [],
    client_secret: secret,
    scope: 'api:read',
  }
  const one = (id: 'client_secret_post' | 'client_secret_basic' | 'client_secret_jwt') => ({
    ...common,
    client_id: id,
    token_endpoint_auth_method: id,
    introspection_endpoint_auth_method: id,
    grant_types: ['client_credentials'],
  })
  const made = new Provider(address, {
    scopes: ['api:read', 'openid', 'offline_access'],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      devInteractions: { enabled: false },
    },
    cookies: { keys: ['test'] },
    rotateRefreshToken: true,
    jwks: {
      keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })],
    },
    clients: [
      one('client_secret_post'),
      one('client_secret_basic'),
      one('client_secret_jwt'),
      {
        ...common,
        client_id: 'private_key_jwt',
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        jwks: { keys: [keys.publicKey.export({ format: 'jwk' })] },
      },
      {
        ...common,
        client_id: 'people',
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials', 'password', 'refresh_token', exchange],
        scope: 'api:read openid offline_access',
      },
    ],
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  })
  made.on('access_token.saved', (token) => void issued.add(token.jti))
  made.on('client_credentials.saved', (token) => void issued.add(token.jti))
  made.registerGrantType('password', (context) => passwordGrant(made, context), [
    'username',
    'password',
    'scope',
  ])
  made.registerGrantType(
    exchange,
    (context) => exchangeGrant(made, context),
    ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'scope', 'audience'],
    ['audience'],
  )
  return made
}

async function passwordGrant(made: Provider, context: KoaContextWithOIDC): Promise<void> {
  const { client, params } = context.oidc
  if (params?.['username'] !== 'anna' || params['password'] !== 'p&ss=wørd') {
    throw new errors.InvalidGrant('who are you')
  }
  const grant = new made.Grant({ clientId: client?.clientId as string, accountId: 'anna' })
  grant.addOIDCScope('openid offline_access api:read')
  const grantId = await grant.save()
  const about = { accountId: 'anna', client: client as NonNullable<typeof client>, grantId, gty: 'password' }
  const access = new made.AccessToken({ ...about, scope: (params['scope'] as string | undefined) ?? '' })
  const refresh = new made.RefreshToken({ ...about, scope: 'openid offline_access' })
  context.body = {
    access_token: await access.save(),
    refresh_token: await refresh.save(),
    expires_in: access.expiration,
    token_type: 'Bearer',
  }
}

async function exchangeGrant(made: Provider, context: KoaContextWithOIDC): Promise<void> {
  const { client, params } = context.oidc
  const type = 'urn:ietf:params:oauth:token-type:access_token'
  if (params?.['subject_token_type'] !== type || params['actor_token_type'] !== type) {
    throw new errors.InvalidRequest('types')
  }
  const subject = await made.ClientCredentials.find(String(params['subject_token']))
  const actor = await made.ClientCredentials.find(String(params['actor_token']))
  if (!subject || !actor) throw new errors.InvalidGrant('unknown subject or actor')
  const access = new made.AccessToken({
    accountId: subject.clientId as string,
    client: client as NonNullable<typeof client>,
    grantId: 'exchange',
    gty: 'exchange',
    scope: `exchanged ${String(params['scope'])} ${String(params['audience'])}`,
  })
  context.body = {
    access_token: await access.save(),
    issued_token_type: type,
    token_type: 'Bearer',
    expires_in: access.expiration,
  }
}
