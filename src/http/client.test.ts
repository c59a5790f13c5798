import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttpClient, type HttpClient, type HttpSettings } from './index.ts'
import { faultOf, noAccess, serve, serveBytes, type TestServer } from './testing/index.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const open = (settings: HttpSettings = {}): HttpClient => {
  const client = createHttpClient({ environment: {}, ...settings })
  closing.push(() => client.close())
  return client
}
const up = async (...given: Parameters<typeof serve>): Promise<TestServer> => {
  const server = await serve(...given)
  closing.push(server.close)
  return server
}
const upBytes = async (...given: Parameters<typeof serveBytes>): Promise<TestServer> => {
  const server = await serveBytes(...given)
  closing.push(server.close)
  return server
}
const text = (body: Uint8Array) => Buffer.from(body).toString('utf8')

describe('a request', () => {
  test('carries method, headers and body, and brings status, headers and body', async () => {
    const server = await up((_request, response) => {
      response.writeHead(201, { 'x-answer': 'yes' }).end('made')
    })
    const answer = await open().send(
      { method: 'post', uri: `${server.origin}/a?b=1`, headers: { 'X-Ask': 'now' }, body: 'hej' },
      noAccess(),
    )
    expect(answer).toMatchObject({ status: 201, statusText: 'Created', bytes: 4 })
    expect(answer.headers['x-answer']).toBe('yes')
    expect(text(answer.body)).toBe('made')
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/a?b=1', body: 'hej' })
    expect(server.requests[0]?.headers['x-ask']).toBe('now')
  })

  test('uses its connections again for further requests to the same origin', async () => {
    const ports = new Set<number | undefined>()
    const server = await up((_request, response) => {
      ports.add(response.socket?.remotePort)
      response.end('ok')
    })
    const client = open()
    for (let i = 0; i < 20; i += 1) await client.send({ method: 'GET', uri: server.origin }, noAccess())
    expect(ports.size).toBeLessThan(5)
  })

  test('undoes the compression of the answer', async () => {
    const server = await up((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('Rødgrød'))
    })
    const answer = await open().send({ method: 'GET', uri: server.origin }, noAccess())
    expect(text(answer.body)).toBe('Rødgrød')
  })

  test('with user and password in its address sends them as basic authentication and shows them nowhere', async () => {
    const server = await up((_request, response) => void response.end())
    const uri = server.origin.replace('//', '//anna:s%C3%B8en@')
    const answer = await open().send({ method: 'GET', uri }, noAccess())
    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('anna:søen').toString('base64')}`,
    )
    expect(JSON.stringify(answer.request)).not.toMatch(/anna|s%C3%B8en/)
  })

  test.each([
    ['a line break in a value', { 'x-a': 'b\r\nx-evil: 1' }],
    ['a line break in a name', { 'x-a\r\nx-evil': '1' }],
    ['a NUL', { 'x-a': 'b\0' }],
    ['a length of its own', { 'Content-Length': '3' }],
    ['a transfer coding of its own', { 'transfer-encoding': 'chunked' }],
    ['a character beyond Latin-1', { 'x-a': '☃' }],
  ])('with %s among its headers is never sent', async (_what, headers) => {
    const server = await up((_request, response) => void response.end())
    const problem = await faultOf(open().send({ method: 'GET', uri: server.origin, headers }, noAccess()))
    expect(problem.type).toMatch(/validation$/)
    expect(server.requests).toEqual([])
  })

  test.each(['TRACE', 'CONNECT', 'GET /x HTTP/1.1\r\nx:', ''])('of method %j is refused', async (method) => {
    const problem = await faultOf(open().send({ method, uri: 'http://127.0.0.1:1/' }, noAccess()))
    expect(problem).toMatchObject({ status: 400 })
    expect(problem.type).toMatch(/configuration$/)
  })

  test.each(['/relative', 'ftp://host/x', 'file:///etc/passwd', 'http://'])(
    'to %s is a configuration fault',
    async (uri) => {
      expect((await faultOf(open().send({ method: 'GET', uri }, noAccess()))).type).toMatch(/configuration$/)
    },
  )
})

describe('an unsuccessful status', () => {
  test('is a communication fault with that status, its text as title, and part of the body', async () => {
    const server = await up((_request, response) => {
      response.writeHead(409, 'Conflict', { 'content-type': 'text/plain', 'retry-after': '7' }).end('taken')
    })
    const problem = await faultOf(
      open().send({ method: 'PUT', uri: `${server.origin}/a?key=hush` }, noAccess()),
    )
    expect(problem).toMatchObject({ status: 409, title: 'Conflict', retryAfter: '7' })
    expect(problem.type).toMatch(/communication$/)
    expect(problem.detail).toBe(`PUT ${server.origin}/a answered 409 Conflict: taken`)
  })

  test('with a huge body is shortened, not read', async () => {
    const server = await up((_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' })
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(100_000)));
        response.once('drain', more)
      }
      more()
    })
    const problem = await faultOf(open().send({ method: 'GET', uri: server.origin }, noAccess()))
    expect(problem.status).toBe(500)
    expect(problem.detail?.length).toBeLessThan(700)
  })

  test('with a compressed body is shortened just so', async () => {
    const server = await up((_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
      response.end(gzipSync('y'.repeat(1_000_000)))
    })
    const problem = await faultOf(open().send({ method: 'GET', uri: server.origin }, noAccess()))
    expect([problem.status, problem.detail?.includes('yyy')]).toEqual([500, true])
  })

  test('never repeats a secret that the service echoes', async () => {
    const server = await up((request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ you: request.headers.authorization, key: 'hunter2-key', path: request.path }),
      )
    })
    const problem = await faultOf(
      open().send(
        {
          method: 'GET',
          uri: `${server.origin}/hunter2-key`,
          authentication: { basic: { username: 'anna', password: 'pa55word' } },
        },
        noAccess({ api: { key: 'hunter2-key' } }),
      ),
    )
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|pa55word|YW5uYTpwYTU1d29yZA/)
    expect(problem.detail).toContain('***')
  })

  test('is an answer like any other where any is welcome', async () => {
    const server = await up((_request, response) => void response.writeHead(404).end('no'))
    const answer = await open().send({ method: 'GET', uri: server.origin, anyStatus: true }, noAccess())
    expect([answer.status, text(answer.body)]).toEqual([404, 'no'])
  })
})

describe('no whole answer', () => {
  const causeOf = async (server: TestServer, settings: HttpSettings = {}) => {
    const problem = await faultOf(open(settings).send({ method: 'GET', uri: server.origin }, noAccess()))
    expect(problem).toMatchObject({ status: 500, host: new URL(server.origin).host })
    expect(problem.type).toMatch(/communication$/)
    return problem['cause']
  }

  test('where nobody listens is a communication fault that names cause and host', async () => {
    const server = await serve(() => {})
    await server.close()
    expect(await causeOf(server)).toBe('ECONNREFUSED')
  })

  test('where the connection is reset', async () => {
    const server = await upBytes((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect(await causeOf(server)).toMatch(/ECONNRESET|UND_ERR_SOCKET/)
  })

  test('where the headers do not come in time', async () => {
    const server = await upBytes(() => {})
    expect(await causeOf(server, { headersTimeoutMs: 50 })).toBe('UND_ERR_HEADERS_TIMEOUT')
  })

  test('where the body stops coming', async () => {
    const server = await upBytes((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'))
    })
    expect(await causeOf(server, { bodyTimeoutMs: 50 })).toBe('UND_ERR_BODY_TIMEOUT')
  })

  test('where a drip-fed body would never end', async () => {
    const server = await upBytes((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        const drip = setInterval(() => socket.write('1\r\na\r\n'), 5)
        socket.on('close', () => clearInterval(drip))
      })
    })
    expect(await causeOf(server, { totalTimeoutMs: 150 })).toBe('SLUSE_TOTAL_TIMEOUT')
  })

  test('where the body ends short of its length', async () => {
    const server = await upBytes((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'))
    })
    expect(await causeOf(server)).toMatch(/UND_ERR_SOCKET|CONTENT_LENGTH/)
  })

  test('where a compressed body ends short', async () => {
    const whole = gzipSync('a'.repeat(1000))
    const server = await up((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(whole.subarray(0, whole.length - 10))
    })
    expect(await causeOf(server)).toBe('Z_BUF_ERROR')
  })

  test('where the answer is not HTTP', async () => {
    const server = await upBytes((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n')))
    expect(await causeOf(server)).toBe('HTTPParserError')
  })

  test('where it is larger than allowed', async () => {
    const server = await up((_request, response) => void response.end('x'.repeat(1001)))
    expect(await causeOf(server, { maxResponseBytes: 1000 })).toBe('SLUSE_TOO_LARGE')
  })

  test('where it only becomes larger than allowed when decompressed', async () => {
    const server = await up((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('0'.repeat(1_000_000)))
    })
    expect(await causeOf(server, { maxResponseBytes: 10_000 })).toBe('SLUSE_TOO_LARGE')
  })

  test('an answer of exactly the size allowed is taken', async () => {
    const server = await up((_request, response) => void response.end('x'.repeat(1000)))
    const answer = await open({ maxResponseBytes: 1000 }).send(
      { method: 'GET', uri: server.origin },
      noAccess(),
    )
    expect(answer.bytes).toBe(1000)
  })
})

test('an abort ends the request at once, with its reason, and frees the connection', async () => {
  let closed = () => {}
  const gone = new Promise<void>((done) => (closed = done))
  let arrived = () => {}
  const under = new Promise<void>((done) => (arrived = done))
  const server = await upBytes((socket) => {
    socket.on('close', () => closed())
    socket.once('data', () => arrived())
  })
  const controller = new AbortController()
  const sent = open().send({ method: 'GET', uri: server.origin }, { secrets: {}, signal: controller.signal })
  const ended = expect(sent).rejects.toThrow('run cancelled')
  await under
  controller.abort(new Error('run cancelled'))
  await ended
  await gone
})

describe('an answer that goes to a file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluse-http-'))
    closing.push(async () => rmSync(folder, { recursive: true }))
  })

  test('is written whole, past the bound for memory', async () => {
    const server = await up((_request, response) => void response.end('x'.repeat(5000)))
    const saveTo = join(folder, 'big')
    const answer = await open({ maxResponseBytes: 100 }).send(
      { method: 'GET', uri: server.origin, saveTo },
      noAccess(),
    )
    expect([answer.bytes, answer.body.length]).toEqual([5000, 0])
    expect(readFileSync(saveTo, 'utf8')).toBe('x'.repeat(5000))
  })

  test('leaves nothing behind where it ends short', async () => {
    const server = await upBytes((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'))
    })
    await faultOf(open().send({ method: 'GET', uri: server.origin, saveTo: join(folder, 'x') }, noAccess()))
    expect(readdirSync(folder)).toEqual([])
  })

  test('is not written where the status is no success', async () => {
    const server = await up((_request, response) => void response.writeHead(503).end('later'))
    const saveTo = join(folder, 'x')
    expect(
      (await faultOf(open().send({ method: 'GET', uri: server.origin, saveTo }, noAccess()))).status,
    ).toBe(503)
    expect(readdirSync(folder)).toEqual([])
  })
})
