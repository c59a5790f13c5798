import { connect } from 'node:net'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

const files = {
  'pipelines/echo.yaml': `document: { dsl: '1.0.3', namespace: test, name: echo, version: '1.0.0' }
do:
  - say: { set: { said: '\${ . }' } }
`,
}

let server: TestServer
beforeAll(async () => {
  server = await openServer(files, { flags: { requestTimeout: '1s', maxBodyBytes: '1MB' } })
})
afterAll(() => server.close())

const runs = '/api/v1/pipelines/test/echo/runs'
const json = { 'content-type': 'application/json' }
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

/** With headers that `fetch` does not let one set. */
async function raw(method: string, path: string, headers: { [name: string]: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: server.port, host: '127.0.0.1', method, path, headers }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
    })
    asked.once('error', reject)
    asked.end()
  })
}

describe('a request', () => {
  test('that is too large is cut off, not read', async () => {
    const size = 100_000_000
    let sent = 0
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.once('close', () => resolve(text))
      socket.on('error', () => {})
      socket.write(
        `POST ${runs} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      )
      const chunk = Buffer.alloc(65_536, 0x20)
      const more = () => {
        while (!socket.destroyed && sent < size) {
          sent += chunk.length
          socket.write(`${chunk.length.toString(16)}\r\n`)
          socket.write(chunk)
          if (!socket.write('\r\n')) return void socket.once('drain', more)
        }
      }
      more()
    })
    expect(answer).toContain('413')
    expect(sent).toBeLessThan(size)
    const declared = await server.call('POST', runs, { body: ' '.repeat(2_000_000), headers: json })
    expect(declared.json).toMatchObject({ status: 413, code: 'SLUSE-REQUEST-SIZE' })
  })

  test('whose JSON nests too deep is refused before it is parsed', async () => {
    for (const depth of [101, 400_000]) {
      const { json: problem } = await server.call('POST', runs, { body: nested(depth), headers: json })
      expect(problem).toMatchObject({ status: 400, code: 'SLUSE-REQUEST' })
    }
    const brackets = await server.call('POST', runs, { json: { input: '['.repeat(1000) } })
    expect(brackets.status).toBe(201)
    const event = `{"specversion":"1.0","id":"d","source":"/s","type":"t","data":${nested(200)}}`
    const refused = await server.call('POST', '/events', {
      body: event,
      headers: { 'content-type': 'application/cloudevents+json' },
    })
    expect(refused.status).toBe(400)
  })

  test.each([
    ['not JSON', '{"input":'],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['a list', '[]'],
    ['an unknown member', '{"inputs":1}'],
    ['a prototype', '{"input":{"__proto__":{"admin":true}}}'],
    ['a hidden prototype', '{"input":{"\\u005f_proto__":1}}'],
  ])('with %s is refused', async (_what, body) => {
    const { json: problem } = await server.call('POST', runs, { body, headers: json })
    expect(problem).toMatchObject({ status: 400, code: 'SLUSE-REQUEST' })
  })

  test('with a definition that unfolds without end is refused at once', async () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
    for (let at = 0; at < 12; at++) {
      const [before, name] = [String.fromCharCode(97 + at), String.fromCharCode(98 + at)]
      bomb.push(`${name}: &${name} [${Array<string>(10).fill(`*${before}`).join(',')}]`)
    }
    const { json: found } = await server.call('POST', '/api/v1/pipelines/validate', {
      body: bomb.join('\n'),
      headers: { 'content-type': 'application/yaml' },
    })
    expect(found).toMatchObject({ valid: false, findings: [{ code: 'SLUSE-DEFINITION-TEXT' }] })
  })

  test('of another type of body, method or address is told so', async () => {
    const type = await server.call('POST', runs, {
      body: 'a=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(type.json).toMatchObject({ status: 415, code: 'SLUSE-REQUEST-TYPE' })
    expect((await server.call('DELETE', '/api/v1/runs')).json).toMatchObject({
      status: 405,
      code: 'SLUSE-METHOD',
    })
    expect((await server.call('GET', '/nothing')).json).toMatchObject({ status: 404, code: 'SLUSE-ROUTE' })
    expect((await server.call('GET', '/api/v1/runs/%ff')).status).toBe(400)
    expect((await server.call('GET', `/api/v1/runs/${'x'.repeat(400)}`)).status).toBe(400)
  })

  test('for another host is refused, so that no name can be made to point here', async () => {
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1:8080',
    ]) {
      expect(await raw('GET', '/api/v1/runs', { host }), host).toBe(403)
    }
    for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1:80', '[::1]:8080']) {
      expect(await raw('GET', '/api/v1/runs', { host }), host).toBe(200)
    }
  })

  test('from a page of another site is refused', async () => {
    const host = `127.0.0.1:${server.port}`
    const own = { host, origin: `http://${host}` }
    expect(await raw('POST', runs, own)).toBe(201)
    expect(await raw('POST', runs, { host, origin: 'http://evil.example' })).toBe(403)
    expect(await raw('POST', runs, { host, origin: 'null' })).toBe(403)
    expect(await raw('POST', runs, { host, origin: 'http://127.0.0.1:1' })).toBe(403)
    expect(await raw('POST', runs, { host, 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await raw('GET', '/api/v1/runs', { host, origin: 'http://evil.example' })).toBe(403)
  })

  test('is answered with headers that a browser keeps to', async () => {
    for (const path of ['/api/v1/runs', '/nothing']) {
      const { headers } = await server.call('GET', path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test.each([
    ['its headers', 'GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
    [
      'its body',
      `POST ${runs} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    ],
  ])('that never ends %s is given up', async (_what, beginning) => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1')
      let text = ''
      const drip = setInterval(() => socket.write('a'), 100)
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('error', () => {})
      socket.once('close', () => {
        clearInterval(drip)
        resolve(text)
      })
      socket.write(beginning)
    })
    expect(answer).toContain('408')
    expect((await server.call('GET', '/health')).status).toBe(200)
  })

  test('with headers without end is refused', async () => {
    expect(await raw('GET', '/health', { host: 'localhost', 'x-large': 'x'.repeat(20_000) })).toBe(431)
  })
})

describe('operation', () => {
  test('counts in the words of Prometheus, by route and never by address', async () => {
    await server.call('GET', '/api/v1/runs/some-id')
    const { text } = await server.call('GET', '/metrics')
    expect(text).toContain('sluse_http_requests_total{method="GET",route="/api/v1/runs/:id",status="404"} 1')
    expect(text).not.toContain('some-id')
    for (const line of text.trim().split('\n')) {
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) \S+ .+|\S+ -?[\d.e+-]+|[a-z_]+\{[^\n]*\} -?[\d.e+-]+)$/)
    }
  })

  test('that stops is not ready and takes no new work, while what there is can be read', async () => {
    const other = await openServer(files)
    try {
      expect((await other.call('GET', '/ready')).status).toBe(200)
      other.server.refuseWork()
      expect((await other.call('GET', '/ready')).json).toEqual({ status: 'stopping' })
      const { json: refused } = await other.call('POST', runs)
      expect(refused).toMatchObject({ status: 503, code: 'SLUSE-CLOSING' })
      expect((await other.call('GET', '/api/v1/runs')).status).toBe(200)
    } finally {
      await other.close()
    }
  })
})
