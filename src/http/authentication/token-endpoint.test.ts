import { afterEach, describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type { Answer } from '../exchange.ts'
import { createHttpClient } from '../index.ts'
import { faultOf, noAccess, serve } from '../testing/index.ts'
import { createTokens } from './oauth.ts'
import { readPolicy } from './policy.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A token endpoint that answers as told; `requests` are what it was sent. */
async function endpoint(answers: { status?: number; body: Json | string; type?: string }[] | Json) {
  const list = Array.isArray(answers)
    ? (answers as { status?: number; body: Json; type?: string }[])
    : [{ body: answers }]
  const server = await serve((_request, response) => {
    const {
      status = 200,
      body,
      type = 'application/json',
    } = list[Math.min(server.requests.length, list.length) - 1] ?? {
      body: null,
    }
    response
      .writeHead(status, { 'content-type': type })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  closing.push(server.close)
  return server
}

const tokenFor = async (oauth2: JsonObject) => {
  const client = createHttpClient({ environment: {} })
  closing.push(() => client.close())
  return (await client.authorize({ oauth2 }, noAccess())).parameter
}
const oauthPolicy = (oauth2: JsonObject) => {
  const policy = readPolicy({ oauth2 }, {})
  if (policy.scheme !== 'oauth2') throw new Error('not OAuth')
  return policy.oauth
}
const granted = { access_token: 'tok', token_type: 'Bearer', expires_in: 60 }
const client = { id: 'me', secret: 's3cr3t&=' }

describe('the request', () => {
  test('is a form with grant, client, scopes and audiences, to /oauth2/token below the authority', async () => {
    const server = await endpoint(granted)
    const policy = { authority: `${server.origin}/realms/x`, grant: 'client_credentials', client }
    expect(await tokenFor({ ...policy, scopes: ['a', 'b'], audiences: ['x', 'y'] })).toBe('tok')
    const [request] = server.requests
    expect(request).toMatchObject({ method: 'POST', path: '/realms/x/oauth2/token' })
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect([...new URLSearchParams(request?.body)].sort()).toEqual(
      [
        ['grant_type', 'client_credentials'],
        ['client_id', 'me'],
        ['client_secret', 's3cr3t&='],
        ['scope', 'a b'],
        ['audience', 'x'],
        ['audience', 'y'],
      ].sort(),
    )
  })

  test('is JSON where the policy says so', async () => {
    const server = await endpoint(granted)
    await tokenFor({
      authority: server.origin,
      grant: 'client_credentials',
      client,
      audiences: ['x', 'y'],
      request: { encoding: 'application/json' },
    })
    expect(server.requests[0]?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      grant_type: 'client_credentials',
      client_id: 'me',
      client_secret: 's3cr3t&=',
      audience: ['x', 'y'],
    })
  })

  test('of a token exchange names subject and actor with their types (RFC 8693)', async () => {
    const server = await endpoint({ ...granted, issued_token_type: 'urn:x' })
    await tokenFor({
      authority: server.origin,
      grant: 'urn:ietf:params:oauth:grant-type:token-exchange',
      client: { authentication: 'none' },
      subject: { token: 'sub-token', type: 'jwt' },
      actor: { token: 'act-token', type: 'urn:ietf:params:oauth:token-type:id_token' },
    })
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'sub-token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      actor_token: 'act-token',
      actor_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    })
  })

  test('of an authorization code goes once; from then on the refresh token that came with it', async () => {
    const server = await endpoint([
      { body: { ...granted, refresh_token: 'refresh-1' } },
      { body: { ...granted, access_token: 'tok2', refresh_token: 'refresh-2' } },
    ])
    const oauth = oauthPolicy({
      authority: server.origin,
      grant: 'authorization_code',
      client: { id: 'me' },
      code: 'the-code',
      redirectUri: 'https://here/done',
      codeVerifier: 'verifier',
    })
    let time = 0
    const tokens = createTokens(plainExchange, () => time)
    const authenticator = tokens.authenticator(oauth, 'key')
    const { signal } = new AbortController()
    expect((await authenticator.authorize(undefined, signal)).parameter).toBe('tok')
    time = 61_000
    expect((await authenticator.authorize(undefined, signal)).parameter).toBe('tok2')
    const forms = server.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))
    expect(forms).toEqual([
      {
        grant_type: 'authorization_code',
        code: 'the-code',
        redirect_uri: 'https://here/done',
        code_verifier: 'verifier',
        client_id: 'me',
      },
      { grant_type: 'refresh_token', refresh_token: 'refresh-1', client_id: 'me' },
    ])
  })
})

describe('the answer', () => {
  test('that is as sparse as can be still gives a bearer token', async () => {
    const server = await endpoint({ access_token: 'tok' })
    expect(await tokenFor({ authority: server.origin, grant: 'client_credentials', client })).toBe('tok')
  })

  test.each<[string, { status?: number; body: Json | string; type?: string }]>([
    [
      'an OAuth error',
      { status: 400, body: { error: 'invalid_scope', error_description: 'no s3cr3t&= here' } },
    ],
    ['an error that is not JSON', { status: 500, body: '<h1>oops</h1>', type: 'text/html' }],
    ['success that is not JSON', { body: 'tok', type: 'text/plain' }],
    ['success without a token', { body: { token_type: 'Bearer' } }],
    ['a token of a kind that is not known', { body: { access_token: 'a', token_type: 'mac' } }],
    ['an empty answer', { body: '' }],
    ['a redirect', { status: 302, body: '' }],
  ])('%s is an authentication fault', async (_what, answer) => {
    const server = await endpoint([answer])
    const problem = await faultOf(tokenFor({ authority: server.origin, grant: 'client_credentials', client }))
    expect([problem.status, problem.type.replace(/.*\//, '')]).toEqual([401, 'authentication'])
    expect(problem.detail).not.toContain('s3cr3t')
    expect(problem.detail).toContain(new URL(server.origin).host)
  })

  test("of another issuer than 'issuers' lists is not used", async () => {
    const jwt = ['{"alg":"none"}', '{"iss":"https://evil"}', ''].map((part) =>
      Buffer.from(part).toString('base64url'),
    )
    const server = await endpoint({ ...granted, access_token: jwt.join('.') })
    const policy = { authority: server.origin, grant: 'client_credentials', client }
    expect((await faultOf(tokenFor({ ...policy, issuers: ['https://good'] }))).status).toBe(401)
    expect(await tokenFor({ ...policy, issuers: ['https://good', 'https://evil'] })).toBe(jwt.join('.'))
  })

  test('that never comes does not hold up the call for ever, and the secret is not in what it says', async () => {
    const server = await serve(() => {})
    closing.push(server.close)
    const http = createHttpClient({ environment: {}, totalTimeoutMs: 100 })
    closing.push(() => http.close())
    const oauth2 = { authority: server.origin, grant: 'client_credentials', client }
    const problem = await faultOf(http.authorize({ oauth2 }, noAccess()))
    expect(problem.status).toBeGreaterThanOrEqual(401)
  })
})

test.each<[string, JsonObject]>([
  ['a client without a secret', { client: { id: 'me' } }],
  ['no client at all', {}],
  ['private_key_jwt without an assertion', { client: { id: 'me', authentication: 'private_key_jwt' } }],
  ['password without a user', { grant: 'password', client }],
  ['refresh_token without a token', { grant: 'refresh_token', client }],
  ['authorization_code without a code', { grant: 'authorization_code', client }],
  ['an exchange without a subject', { grant: 'urn:ietf:params:oauth:grant-type:token-exchange', client }],
])('%s is a configuration fault, before anything is sent', async (_what, more) => {
  const server = await endpoint(granted)
  const problem = await faultOf(tokenFor({ authority: server.origin, grant: 'client_credentials', ...more }))
  expect(problem.type).toMatch(/configuration$/)
  expect(server.requests).toEqual([])
})

describe('renewal', () => {
  const setup = (lives: number[]) => {
    let time = 0
    let asked = 0
    const tokens = createTokens(
      async () => {
        asked += 1
        const life = lives[Math.min(asked, lives.length) - 1]
        return answer({
          access_token: `tok${asked}`,
          token_type: 'bearer',
          ...(life && { expires_in: life }),
        })
      },
      () => time,
    )
    const policy = oauthPolicy({ authority: 'http://a', grant: 'client_credentials', client })
    const authenticator = tokens.authenticator(policy, 'key')
    const { signal } = new AbortController()
    return {
      at: async (seconds: number) => {
        time = seconds * 1000
        return (await authenticator.authorize(undefined, signal)).parameter
      },
    }
  }

  test('comes half a minute before a long-lived token expires, not at its end', async () => {
    const { at } = setup([3600])
    expect([await at(0), await at(3569), await at(3571)]).toEqual(['tok1', 'tok1', 'tok2'])
  })

  test('leaves a short-lived token four fifths of its life', async () => {
    const { at } = setup([10])
    expect([await at(0), await at(7.9), await at(8.1)]).toEqual(['tok1', 'tok1', 'tok2'])
  })

  test('comes after some minutes where nobody says how long a token lives', async () => {
    const { at } = setup([0])
    expect([await at(0), await at(260), await at(301)]).toEqual(['tok1', 'tok1', 'tok2'])
  })

  test('that one caller gives up on still serves the others', async () => {
    let finish = (_answer: Answer) => {}
    const tokens = createTokens(
      () => new Promise((done) => (finish = done)),
      () => 0,
    )
    const policy = oauthPolicy({ authority: 'http://a', grant: 'client_credentials', client })
    const authenticator = tokens.authenticator(policy, 'key')
    const impatient = new AbortController()
    const first = authenticator.authorize(undefined, impatient.signal)
    const second = authenticator.authorize(undefined, new AbortController().signal)
    const gaveUp = expect(first).rejects.toThrow('not now')
    impatient.abort(new Error('not now'))
    await gaveUp
    finish(answer({ access_token: 'tok', token_type: 'bearer' }))
    expect((await second).parameter).toBe('tok')
  })
})

const answer = (body: Json): Answer => {
  const bytes = Buffer.from(JSON.stringify(body))
  return {
    status: 200,
    statusText: 'OK',
    headers: { 'content-type': 'application/json' },
    body: bytes,
    bytes: bytes.length,
  }
}

const plainExchange: Parameters<typeof createTokens>[0] = async ({ method, url, headers, body }) => {
  const got = await fetch(url, { method, headers, body: (body ?? null) as string | null })
  return answer((await got.json()) as Json)
}
