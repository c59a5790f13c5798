import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttpClient } from '../index.ts'
import { faultOf, noAccess, type Seen, serve } from '../testing/index.ts'
import { readChallenges } from './challenges.ts'
import { digestResponse } from './digest.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

test.each([
  ['md5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['sha256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
])('with %s it computes what RFC 7616, section 3.9.1, prints', (algorithm, expected) => {
  const session = {
    realm: 'http-auth@example.org',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    qop: 'auth' as const,
    sessionVariant: false,
  }
  const request = { method: 'GET', uri: '/dir/index.html', nc: '00000001', bodyHash: undefined }
  const hash = (data: string) => createHash(algorithm).update(data).digest('hex')
  expect(digestResponse({ session, username: 'Mufasa', password: 'Circle of Life', ...request }, hash)).toBe(
    expected,
  )
})

interface ServerOptions {
  challenge: (nonce: string) => string
  /** How often a nonce is good before it is stale. */
  uses?: number
}

/** A server that checks digests by the book, on its own: user anna, password `søen`, realm `r`. */
async function digestServer({ challenge, uses = Infinity }: ServerOptions) {
  let serial = 0
  const nonces = new Map<string, number>()
  const refuse = (response: ServerResponse, stale: boolean) => {
    const nonce = `n${(serial += 1)}`
    nonces.set(nonce, 0)
    response.writeHead(401, { 'www-authenticate': challenge(nonce) + (stale ? ', stale=true' : '') }).end()
  }
  const server = await serve((request, response) => {
    const [given] = readChallenges(request.headers.authorization ?? '')
    const p = given?.parameters
    if (!p) return refuse(response, false)
    const last = nonces.get(p['nonce'] ?? '')
    if (last === undefined) return refuse(response, true)
    const count = p['nc'] === undefined ? last + 1 : parseInt(p['nc'], 16)
    if (count !== last + 1) return void response.writeHead(400).end(`count ${count} after ${last}`)
    if (count > uses) return refuse(response, true)
    nonces.set(p['nonce'] ?? '', count)
    if (p['response'] !== expectedResponse(p, request) || p['uri'] !== request.path)
      return refuse(response, false)
    response.end('in')
  })
  closing.push(server.close)
  return server
}

function expectedResponse(p: { [name: string]: string }, request: Seen): string {
  const algorithm = (p['algorithm'] ?? 'MD5').toUpperCase()
  const name = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' }[
    algorithm.replace('-SESS', '')
  ]
  const h = (text: string) =>
    createHash(name as string)
      .update(text)
      .digest('hex')
  let a1 = h('anna:r:søen')
  if (algorithm.endsWith('-SESS')) a1 = h(`${a1}:${p['nonce']}:${p['cnonce']}`)
  const a2 = h(`${request.method}:${request.path}${p['qop'] === 'auth-int' ? `:${h(request.body)}` : ''}`)
  return p['qop'] === undefined
    ? h(`${a1}:${p['nonce']}:${a2}`)
    : h(`${a1}:${p['nonce']}:${p['nc']}:${p['cnonce']}:${p['qop']}:${a2}`)
}

const open = () => {
  const client = createHttpClient({ environment: {} })
  closing.push(() => client.close())
  return client
}
const policy = (password = 'søen') => ({ digest: { username: 'anna', password } })

describe('a challenge is met', () => {
  test.each([
    ['without algorithm or qop (RFC 2069)', ''],
    ['MD5', ', algorithm=MD5, qop="auth"'],
    ['MD5-sess', ', algorithm=MD5-sess, qop="auth"'],
    ['SHA-256', ', algorithm=SHA-256, qop="auth, auth-int"'],
    ['SHA-256-sess', ', algorithm=SHA-256-sess, qop="auth"'],
    ['SHA-512-256', ', algorithm=SHA-512-256, qop="auth"'],
    ['auth-int alone', ', algorithm=SHA-256, qop="auth-int"'],
  ])('%s', async (_name, extra) => {
    const server = await digestServer({ challenge: (nonce) => `Digest realm="r", nonce="${nonce}"${extra}` })
    const answer = await open().send(
      { method: 'POST', uri: `${server.origin}/a?b=c%20d`, body: 'rødgrød', authentication: policy() },
      noAccess(),
    )
    expect(Buffer.from(answer.body).toString()).toBe('in')
    expect(server.requests.map(({ body }) => body)).toEqual(['rødgrød', 'rødgrød'])
  })

  test('the first that is known among several', async () => {
    const server = await digestServer({
      challenge: (nonce) =>
        `Basic realm="r", Digest realm="r", nonce="${nonce}", algorithm=SHA3-512, qop="auth", Digest realm="r", nonce="${nonce}", algorithm=SHA-256, qop="auth"`,
    })
    await open().send({ method: 'GET', uri: server.origin, authentication: policy() }, noAccess())
    expect(server.requests[1]?.headers.authorization).toContain('algorithm=SHA-256')
  })
})

const auth = (nonce: string) => `Digest realm="r", nonce="${nonce}", qop="auth", opaque="o"`

test('a nonce is used again, counting up, so that later requests are sent once', async () => {
  const server = await digestServer({ challenge: auth })
  const client = open()
  for (let i = 0; i < 3; i += 1) {
    await client.send({ method: 'GET', uri: `${server.origin}/${i}`, authentication: policy() }, noAccess())
  }
  expect(server.requests.map(({ headers }) => /nc=(\d+)/.exec(headers.authorization ?? '')?.[1])).toEqual([
    undefined,
    '00000001',
    '00000002',
    '00000003',
  ])
})

test('a stale nonce is replaced without a failure', async () => {
  const server = await digestServer({ challenge: auth, uses: 1 })
  const client = open()
  for (let i = 0; i < 3; i += 1) {
    await client.send({ method: 'GET', uri: server.origin, authentication: policy() }, noAccess())
  }
  expect(server.requests.length).toBe(6)
})

test('a wrong password ends with 401 after one try, and tells nobody the password', async () => {
  const server = await digestServer({ challenge: auth })
  const problem = await faultOf(
    open().send({ method: 'GET', uri: server.origin, authentication: policy('wrong-one') }, noAccess()),
  )
  expect(problem.status).toBe(401)
  expect(problem.type).toMatch(/communication$/)
  expect(server.requests.length).toBe(2)
  expect(JSON.stringify([problem, server.requests])).not.toContain('wrong-one')
})

test('a server that always says stale is not asked for ever', async () => {
  const server = await digestServer({ challenge: auth, uses: 0 })
  expect(
    (await faultOf(open().send({ method: 'GET', uri: server.origin, authentication: policy() }, noAccess())))
      .status,
  ).toBe(401)
  expect(server.requests.length).toBe(3)
})

test('a 401 without a digest challenge is just that', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
  })
  closing.push(server.close)
  await faultOf(open().send({ method: 'GET', uri: server.origin, authentication: policy() }, noAccess()))
  expect(server.requests.length).toBe(1)
})

test('a name with quotes, or beyond ASCII, is sent so that it can be read', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(401, { 'www-authenticate': auth('n') }).end()
  })
  closing.push(server.close)
  for (const username of ['a"b\\c', 'Søren']) {
    const authentication = { digest: { username, password: 'p' } }
    await faultOf(open().send({ method: 'GET', uri: server.origin, authentication }, noAccess()))
  }
  const sent = server.requests.map(({ headers }) => headers.authorization).filter(Boolean)
  expect(sent[0]).toContain('username="a\\"b\\\\c"')
  expect(sent[1]).toContain("username*=UTF-8''S%C3%B8ren")
})
