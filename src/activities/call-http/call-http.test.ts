import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttpClient } from '../../http/index.ts'
import { faultOf, type Seen, serve, serveBytes } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { activityContext } from '../testing/index.ts'
import type { ActivityContext, ActivityOptions } from '../activity.ts'
import { callHttp } from './index.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const up = async (answer: (request: Seen, response: ServerResponse) => void) => {
  const server = await serve(answer)
  closing.push(server.close)
  return server
}
const answering = (body: string | Uint8Array, type?: string, status = 200) =>
  up((_request, response) => {
    response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body)
  })

async function call(
  input: Json,
  options: Partial<ActivityOptions> = {},
  context: Partial<ActivityContext> = {},
): Promise<Json> {
  const http = createHttpClient({ environment: {} })
  closing.push(() => http.close())
  const activity = callHttp({ dataFolder: '/nowhere', ...options })
  return activity.run(input, activityContext({ idempotencyKey: 'the-key', http, ...context }))
}
const get = (uri: string, more: JsonObject = {}) => call({ method: 'get', endpoint: { uri }, ...more })

describe('the request', () => {
  test('has query values encoded, lists repeated, nulls left out, after those of the address', async () => {
    const server = await answering('')
    await get(`${server.origin}/a?x=1#f`, { query: { 'q&': 'æ b+c', list: [1, 'two', true], none: null } })
    expect(server.requests[0]?.path).toBe('/a?x=1&q%26=%C3%A6%20b%2Bc&list=1&list=two&list=true')
  })

  test('takes an object in the query, or as a header, for a mistake', async () => {
    for (const more of [{ query: { a: { b: 1 } } }, { headers: { a: { b: 1 } } }]) {
      expect((await faultOf(get('http://127.0.0.1:1', more))).type).toMatch(/validation$/)
    }
  })

  test.each<[string, Json, string | undefined, string, string]>([
    ['an object', { a: 'æ' }, undefined, '{"a":"æ"}', 'application/json'],
    ['a list', [1], undefined, '[1]', 'application/json'],
    ['false', false, undefined, 'false', 'application/json'],
    ['a string', 'hej', undefined, 'hej', 'text/plain; charset=utf-8'],
    ['a string as JSON, written out', '{"a": 1}', 'application/json', '{"a": 1}', 'application/json'],
    [
      'an object as some JSON',
      { a: 1 },
      'application/merge-patch+json',
      '{"a":1}',
      'application/merge-patch+json',
    ],
    ['XML', '<a/>', 'application/xml', '<a/>', 'application/xml'],
    [
      'a form',
      { a: 'x y', b: [1, 2], c: null },
      'application/x-www-form-urlencoded',
      'a=x+y&b=1&b=2',
      'application/x-www-form-urlencoded',
    ],
  ])('carries %s as a body', async (_what, body, contentType, sent, type) => {
    const server = await answering('')
    const headers = contentType === undefined ? {} : { 'Content-Type': contentType }
    await get(server.origin, { method: 'POST', body, headers })
    expect(server.requests[0]?.body).toBe(sent)
    expect(server.requests[0]?.headers['content-type']).toBe(type)
  })

  test('carries a multipart form with fields and files, of which no name breaks out', async () => {
    const server = await answering('')
    const file = {
      filename: 'a"\r\nx: 1.txt',
      content: Buffer.from('indhold').toString('base64'),
      contentType: 'text/plain',
    }
    await get(server.origin, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data' },
      body: { name: 'Åse', file, meta: { a: 1 } },
    })
    const form = await new Response(server.requests[0]?.body as string, {
      headers: { 'content-type': server.requests[0]?.headers['content-type'] as string },
    }).formData()
    expect(form.get('name')).toBe('Åse')
    expect(await (form.get('file') as File).text()).toBe('indhold')
    expect(form.get('meta')).toBeDefined()
    expect(server.requests[0]?.body).not.toContain('\r\nx: 1')
  })

  test('in Latin-1 is written in it, or not at all', async () => {
    const server = await answering('')
    const headers = { 'content-type': 'text/plain; charset=iso-8859-1' }
    await get(server.origin, { method: 'POST', body: 'rødgrød', headers })
    expect(server.requests[0]?.headers['content-length']).toBe('7')
    expect((await faultOf(get(server.origin, { method: 'POST', body: '☃', headers }))).type).toMatch(
      /validation$/,
    )
  })

  test('that would act again carries the idempotency key, the same for every attempt', async () => {
    const server = await answering('')
    for (const method of ['POST', 'post', 'patch', 'get', 'PUT', 'DELETE'])
      await get(server.origin, { method })
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'the-key',
      'the-key',
      'the-key',
      undefined,
      undefined,
      undefined,
    ])
  })

  test('leaves the key to the author, or out where it is turned off', async () => {
    const server = await answering('')
    await get(server.origin, { method: 'POST', headers: { 'Idempotency-Key': 'mine' } })
    const off = { http: { sendIdempotencyKey: false } }
    await call({ method: 'POST', endpoint: { uri: server.origin } }, off)
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', undefined])
  })

  test('sends a key that no header can carry as its hash', async () => {
    const server = await answering('')
    await call({ method: 'POST', endpoint: { uri: server.origin } }, {}, { idempotencyKey: 'run/do/0/sø m' })
    expect(server.requests[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('the output `content`', () => {
  test.each<[string, string, string | Uint8Array, Json]>([
    ['JSON', 'application/json', '{"a":[1,null]}', { a: [1, null] }],
    ['JSON with a byte order mark', 'application/json; charset=utf-8', '\ufeff{"a":1}', { a: 1 }],
    ['a JSON type of its own', 'application/problem+json', '"x"', 'x'],
    ['JSON in Latin-1', 'application/json; charset=iso-8859-1', Buffer.from('"ø"', 'latin1'), 'ø'],
    ['no JSON at all', 'application/json', '', null],
    ['text', 'text/plain', 'hej\n', 'hej\n'],
    ['no text at all', 'text/plain', '', ''],
    ['text in Latin-1', 'text/csv; charset=ISO-8859-1', Buffer.from('Åse;1', 'latin1'), 'Åse;1'],
    ['XML', 'application/soap+xml', '<a/>', '<a/>'],
    ['bytes', 'application/octet-stream', Buffer.from([0, 255]), 'AP8='],
    ['an image', 'image/png', Buffer.from([1]), 'AQ=='],
  ])('of %s', async (_what, type, body, expected) => {
    const server = await answering(body, type)
    expect(await get(server.origin)).toEqual(expected)
  })

  test('of no body is null', async () => {
    const server = await up((_request, response) => void response.writeHead(204).end())
    expect(await get(server.origin)).toBeNull()
  })

  test.each<[string, string, string | Uint8Array]>([
    ['JSON that is none', 'application/json', '{"a":'],
    ['JSON that is a page of HTML', 'application/json', '<h1>Log in</h1>'],
    ['text that is not UTF-8', 'text/plain', Buffer.from([0x52, 0xf8, 0x64])],
    ['JSON that is not UTF-8', 'application/json', Buffer.from('"Rød"', 'latin1')],
    ['a charset that nobody knows', 'text/plain; charset=klingon', 'x'],
  ])('of %s is a communication fault, and nothing is guessed', async (_what, type, body) => {
    const server = await answering(body, type)
    const problem = await faultOf(get(server.origin))
    expect([problem.status, problem.type.replace(/.*\//, '')]).toEqual([500, 'communication'])
    expect(problem.detail).toContain(new URL(server.origin).host)
    // As bytes it can be had all the same.
    expect(await get(server.origin, { output: 'raw' })).toBe(Buffer.from(body).toString('base64'))
  })
})

test('the output `response` is what was asked and what came, without credentials', async () => {
  const server = await answering('{"a":1}', 'application/json', 203)
  const output = (await call(
    {
      method: 'get',
      endpoint: {
        uri: `${server.origin}/p?k=hunter2x`,
        authentication: { basic: { username: 'u', password: 'pass' } },
      },
      headers: { 'X-Mine': '1', 'X-Api-Key': 'k' },
      output: 'response',
    },
    {},
    { secrets: { s: 'hunter2x' } },
  )) as JsonObject
  expect(output).toMatchObject({
    request: {
      method: 'GET',
      uri: `${server.origin}/p?k=***`,
      headers: { 'x-mine': '1', 'x-api-key': '***' },
    },
    statusCode: 203,
    headers: { 'content-type': 'application/json' },
    content: { a: 1 },
  })
  expect(JSON.stringify(output)).not.toMatch(/hunter2x|Basic|dTpwYXNz/)
})

test.each(['raw', 'content', 'response'])(
  'with output %s, a status that is no success is a fault',
  async (output) => {
    const server = await answering('no', 'text/plain', 404)
    const problem = await faultOf(get(server.origin, { output }))
    expect([problem.status, problem.title]).toEqual([404, 'Not Found'])
  },
)

test.each<[string, Json]>([
  ['no endpoint', { method: 'get' }],
  ['no method', { endpoint: { uri: 'http://a' } }],
  ['an output that is not known', { method: 'get', endpoint: 'http://a', output: 'xml' }],
  ['a redirect that is no flag', { method: 'get', endpoint: 'http://a', redirect: 'yes' }],
  ['headers that are no map', { method: 'get', endpoint: 'http://a', headers: 'a: b' }],
  ['no input at all', null],
])('%s is a configuration fault', async (_what, input) => {
  expect((await faultOf(call(input))).type).toMatch(/configuration$/)
})

test('the secret of a policy is read where it is needed', async () => {
  const server = await answering('')
  const endpoint = { uri: server.origin, authentication: { bearer: { use: 'api' } } }
  await call({ method: 'get', endpoint }, {}, { secrets: { api: { token: 'tok' } } })
  expect(server.requests[0]?.headers.authorization).toBe('Bearer tok')
  expect((await faultOf(call({ method: 'get', endpoint }))).status).toBe(403)
})

describe('with metadata.saveTo: file', () => {
  const folder = () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'sluse-data-'))
    closing.push(() => rmSync(dataFolder, { recursive: true }))
    return { dataFolder }
  }
  const input = (uri: string): JsonObject => ({
    method: 'get',
    endpoint: { uri },
    metadata: { saveTo: 'file' },
  })

  test('the body goes to a file of the run, private to the server, and its place is the content', async () => {
    const server = await answering('a,b\n1,2\n', 'text/csv; charset=utf-8')
    const options = folder()
    const output = (await call(input(server.origin), options)) as { file: string }
    expect(output).toEqual({
      file: expect.stringContaining(options.dataFolder),
      bytes: 8,
      mediaType: 'text/csv',
    })
    expect(readFileSync(output.file, 'utf8')).toBe('a,b\n1,2\n')
    expect(statSync(output.file).mode & 0o077).toBe(0)
  })

  test('a second attempt replaces the file of the first', async () => {
    let times = 0
    const server = await up((_request, response) => void response.end(`attempt ${(times += 1)}`))
    const options = folder()
    const first = (await call(input(server.origin), options)) as { file: string }
    const second = (await call(input(server.origin), options)) as { file: string }
    expect(second.file).toBe(first.file)
    expect(readFileSync(second.file, 'utf8')).toBe('attempt 2')
  })

  test('a run id cannot lead out of the folder', async () => {
    const server = await answering('x')
    const options = folder()
    const output = (await call(input(server.origin), options, { runId: '../../etc' })) as { file: string }
    expect(output.file.startsWith(join(options.dataFolder, 'files'))).toBe(true)
  })

  test('a body that ends short leaves no file', async () => {
    const server = await serveBytes((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
    })
    closing.push(server.close)
    const options = folder()
    await faultOf(call(input(server.origin), options))
    expect(existsSync(join(options.dataFolder, 'files', 'run-1', 'x'))).toBe(false)
  })

  test('any other value is refused', async () => {
    const other = { method: 'get', endpoint: { uri: 'http://a' }, metadata: { saveTo: '/etc/passwd' } }
    expect((await faultOf(call(other, folder()))).type).toMatch(/configuration$/)
  })
})
