import { afterEach, expect, test } from 'vitest'
import { createHttpClient, type HttpRequest } from './index.ts'
import { faultOf, noAccess, type Seen, serve } from './testing/index.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A server that answers as `table` says (status and location by path), and else with 200. */
async function redirector(table: { [path: string]: [status: number, location: string] }, host?: string) {
  const server = await serve(({ path }, response) => {
    const [status, location] = table[path] ?? []
    if (status === undefined) return void response.end(`here: ${path}`)
    response.writeHead(status, { location }).end()
  }, host)
  closing.push(server.close)
  return server
}

async function send(request: HttpRequest, secrets = {}) {
  const client = createHttpClient({ environment: {} })
  closing.push(() => client.close())
  return client.send(request, noAccess(secrets))
}

test('a redirect is not followed unless asked for: it is a fault with its status', async () => {
  const server = await redirector({ '/a': [302, '/b'] })
  expect((await faultOf(send({ method: 'GET', uri: `${server.origin}/a` }))).status).toBe(302)
  expect(server.requests.length).toBe(1)
})

test.each([301, 302, 303, 307, 308])(
  'a GET that is answered %d is repeated at the new place',
  async (status) => {
    const server = await redirector({ '/a': [status, '/b?c=1'] })
    const answer = await send({ method: 'GET', uri: `${server.origin}/a`, redirect: true })
    expect(Buffer.from(answer.body).toString()).toBe('here: /b?c=1')
    expect(answer.request.uri).toBe(`${server.origin}/b?c=1`)
  },
)

test('a HEAD stays a HEAD', async () => {
  const server = await redirector({ '/a': [303, '/b'] })
  await send({ method: 'HEAD', uri: `${server.origin}/a`, redirect: true })
  expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
})

test('after a POST, 303 is followed with a GET that has no body', async () => {
  const server = await redirector({ '/a': [303, '/b'] })
  const headers = { 'content-type': 'text/plain', 'x-keep': '1' }
  await send({ method: 'POST', uri: `${server.origin}/a`, body: 'hej', headers, redirect: true })
  const [, second] = server.requests as [Seen, Seen]
  expect(second).toMatchObject({ method: 'GET', body: '' })
  expect(second.headers['content-type']).toBeUndefined()
  expect(second.headers['x-keep']).toBe('1')
})

test.each([301, 302, 307, 308])(
  'a POST that is answered %d is not sent again: the answer is a success',
  async (status) => {
    const server = await redirector({ '/a': [status, '/b'] })
    const answer = await send({ method: 'POST', uri: `${server.origin}/a`, body: 'x', redirect: true })
    expect(answer.status).toBe(status)
    expect(server.requests.length).toBe(1)
  },
)

test('a 304 is a success with redirects, there being nowhere to go', async () => {
  const server = await serve((_request, response) => void response.writeHead(304).end())
  closing.push(server.close)
  expect((await send({ method: 'GET', uri: server.origin, redirect: true })).status).toBe(304)
})

test('a loop ends after ten redirects with a fault', async () => {
  const server = await redirector({ '/a': [302, '/a'] })
  const problem = await faultOf(send({ method: 'GET', uri: `${server.origin}/a`, redirect: true }))
  expect(problem['cause']).toBe('SLUSE_REDIRECTS')
  expect(server.requests.length).toBe(11)
})

test('credentials go along within an origin', async () => {
  const server = await redirector({ '/a': [302, '/b'] })
  await send({
    method: 'GET',
    uri: `${server.origin}/a`,
    redirect: true,
    authentication: { bearer: { token: 'secret-token' } },
  })
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(
    Array(2).fill('Bearer secret-token'),
  )
})

test('no credential crosses to another origin, whichever header it is in', async () => {
  const other = await redirector({})
  const server = await redirector({ '/a': [302, `${other.origin.replace('//', '//eve:eve@')}/b`] })
  await send(
    {
      method: 'GET',
      uri: `${server.origin}/a`,
      redirect: true,
      authentication: { bearer: { token: 'secret-token' } },
      headers: { cookie: 'a=b', 'X-API-Key': 'k', 'x-mine': 'has hunter2 in it', 'x-plain': 'fine' },
    },
    { one: 'hunter2' },
  )
  const headers = other.requests[0]?.headers ?? {}
  expect(headers['x-plain']).toBe('fine')
  expect(Object.keys(headers)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/authorization|cookie|x-api-key|x-mine/)]),
  )
})

test('a redirect out of HTTP is not followed', async () => {
  const server = await redirector({ '/a': [302, 'file:///etc/passwd'] })
  expect((await send({ method: 'GET', uri: `${server.origin}/a`, redirect: true })).status).toBe(302)
})

test('a redirect to a host that may not be called is refused', async () => {
  const server = await redirector({ '/a': [302, 'http://169.254.169.254/latest/meta-data'] })
  const client = createHttpClient({ environment: {}, deniedHosts: ['169.254.0.0/16'] })
  closing.push(() => client.close())
  const problem = await faultOf(
    client.send({ method: 'GET', uri: `${server.origin}/a`, redirect: true }, noAccess()),
  )
  expect(problem.type).toMatch(/authorization$/)
})
