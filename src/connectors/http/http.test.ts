import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { faultOf, serve, type Seen, type TestServer } from '../../http/testing/index.ts'
import type { Json, JsonObject } from '../../workflow/index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { http, httpEndpoint } from './index.ts'

const { signal } = new AbortController()
let host: TestHost
const closing: (() => unknown)[] = []
beforeEach(() => {
  host = createHost()
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await host.close()
})
const up = async (
  answer: (request: Seen, response: ServerResponse) => void | Promise<void>,
): Promise<TestServer> => {
  const server = await serve(answer)
  closing.push(server.close)
  return server
}
const json = (response: ServerResponse, body: Json, headers: { [name: string]: string } = {}, status = 200) =>
  void response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify(body))
const query = (request: Seen, name: string) => new URL(request.path, 'http://x').searchParams.get(name)
const sourceOf = (server: TestServer, options: JsonObject, metadata: { [key: string]: string } = {}) => {
  const source = connect(http, { url: `${server.origin}/api`, ...metadata }, host).source?.(options)
  if (!source) throw new Error('no source')
  return source
}
const read = async (server: TestServer, options: JsonObject, since: Json = null) => {
  const found = await readAll(sourceOf(server, options), null, signal, { since, batchSize: 2 })
  return { records: found.flatMap(({ records }) => records), position: found.at(-1)?.position ?? null }
}

/** Seven records in pages of three, asked for in every common way. */
const all = [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, name: `Åse ${id}` }))
const paged = (records: readonly Json[] = all) => {
  const page = (number: number) => records.slice(number * 3, number * 3 + 3)
  return up((request, response) => {
    const path = request.path.split('?')[0]
    const last = Math.ceil(records.length / 3) - 1
    if (path === '/api/page') return json(response, { data: page(Number(query(request, 'page')) - 1) })
    if (path === '/api/offset') {
      const offset = Number(query(request, 'skip'))
      return json(response, records.slice(offset, offset + Number(query(request, 'top'))))
    }
    const at = Number(query(request, 'cursor') ?? 0)
    const more = at < last
    if (path === '/api/cursor')
      return json(response, { items: page(at) as Json, meta: { next: more ? `${at + 1}` : null } })
    const next = `/api/${path === '/api/link' ? 'link' : 'next'}?cursor=${at + 1}`
    if (path === '/api/link') {
      const link = `</api/link?cursor=0>; rel="first", <${next}>; title="a, b"; rel="next"`
      return json(response, page(at), more ? { link } : {})
    }
    return json(response, { Trips: page(at) as Json, Next: more ? next : '' })
  })
}
const ways: [string, JsonObject][] = [
  ['page', { path: 'page', items: '.data[]', pagination: { page: { size: 3, sizeParameter: 'size' } } }],
  [
    'offset',
    { path: 'offset', pagination: { offset: { parameter: 'skip', limitParameter: 'top', limit: 3 } } },
  ],
  ['cursor', { path: 'cursor', items: '.items[]', pagination: { cursor: { next: '.meta.next' } } }],
  ['Link header', { path: 'link', pagination: { link: true } }],
  ['next address', { path: '/next', items: '.Trips[]', pagination: { next: '.Next' } }],
]

describe.each(ways)('pages by %s', (_way, options) => {
  test('are read to the end, and from any position', async () => {
    const server = await paged()
    const source = sourceOf(server, options)
    const whole = await readAll(source, null, signal, { batchSize: 2 })
    expect(whole.flatMap(({ records }) => records)).toEqual(all)
    expect(whole.flatMap(({ origins }) => origins)[3]).toBe('page 2, item 1')
    for (const [at, { position }] of whole.entries()) {
      const rest = await readAll(source, position, signal, { batchSize: 2 })
      expect(rest.flatMap(({ records }) => records)).toEqual(
        whole.slice(at + 1).flatMap(({ records }) => records),
      )
    }
  })

  test('may be none', async () => {
    expect((await read(await paged([]), options)).records).toEqual([])
  })
})

connectorSuite(
  'an HTTP API',
  async () => {
    const own = createHost()
    let records: readonly Json[] = []
    const stored = new Map<string, Json>()
    const server = await serve((request, response) => {
      if (request.headers['x-key'] !== 'nøgle-1'.replace('ø', 'oe')) return json(response, {}, {}, 401)
      if (request.method === 'PUT') {
        const record = JSON.parse(request.body) as JsonObject
        if (record.name === undefined) return json(response, {}, {}, 422)
        stored.set(request.path, record)
        return json(response, {})
      }
      const at = Number(query(request, 'offset'))
      return json(response, records.slice(at, at + 10))
    })
    const open = (more: { [key: string]: string } = {}) =>
      connect(
        http,
        { url: server.origin, securityTokenHeader: 'X-Key', securityToken: 'noegle-1', ...more },
        own,
      )
    return {
      open: () => open(),
      async close() {
        await server.close()
        await own.close()
      },
      source: {
        async put(some) {
          records = some
          return { pagination: { offset: { limit: 10 } } }
        },
      },
      target: {
        modes: ['upsert'],
        async clear() {
          stored.clear()
          return { path: 'people/{id}', method: 'PUT' }
        },
        contents: async () => [...stored.values()],
        refused: { id: 99 },
      },
      broken: [
        { open: () => open({ securityToken: 'wrong' }), says: /answered 401: its credentials are not taken/ },
        { open: () => open({ url: 'http://127.0.0.1:1' }), says: /refused the connection/ },
      ],
    }
  },
  { source: true, modes: ['upsert'], parallel: ['upsert'], refuses: true },
)

describe('pages that never end', () => {
  test.each<[string, JsonObject, RegExp]>([
    ['lead in a circle by address', { pagination: { next: '.next' } }, /lead in a circle/],
    ['lead in a circle by cursor', { pagination: { cursor: { next: '.cursor' } } }, /lead in a circle/],
    ['do not heed the number', { pagination: { page: {} } }, /same as the one before/],
  ])('because they %s are an error', async (_why, options, detail) => {
    let asked = 0
    const server = await up((_request, response) => {
      asked += 1
      json(response, { items: [{ id: 1 }], next: '/api/a', cursor: 'x' })
    })
    expect((await faultOf(read(server, { ...options, items: '.items[]' }))).detail).toMatch(detail)
    expect(asked).toBeLessThan(5)
  })

  test('although each is another are an error after so many', async () => {
    let asked = 0
    const server = await up((_request, response) => json(response, [{ id: (asked += 1) }]))
    const fault = await faultOf(read(server, { pagination: { page: {} }, maxPages: 20 }))
    expect(fault.detail).toMatch(/more than the 20 pages/)
    expect(asked).toBe(20)
  })
})

test('a page on another server is not followed: credentials would go there', async () => {
  const other = await paged()
  const server = await up((_request, response) =>
    json(response, { items: [], next: `${other.origin}/api/page` }),
  )
  const fault = await faultOf(read(server, { items: '.items[]', pagination: { next: '.next' } }))
  expect(fault.detail).toMatch(/where its credentials must not go/)
  expect(other.requests).toEqual([])
})

test('what has not changed is not read again', async () => {
  const server = await up((request, response) => {
    if (request.headers['if-none-match'] === '"v1"') return void response.writeHead(304).end()
    json(response, all, { etag: '"v1"', 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' })
  })
  const options = { changedOnly: true }
  const first = await read(server, options)
  expect(first.records).toHaveLength(7)
  const second = await read(server, options, first.position)
  expect(second.records).toEqual([])
  expect((await read(server, options, second.position)).records).toEqual([])
  expect(server.requests.at(-1)?.headers['if-modified-since']).toBe('Tue, 24 Nov 2026 10:00:00 GMT')
})

test('only what is new is asked for, by the greatest value of the last read', async () => {
  const server = await up((request, response) => {
    const since = Number(query(request, 'since') ?? 0)
    json(
      response,
      all.filter(({ id }) => id > since),
    )
  })
  const options = { incremental: { parameter: 'since', value: '.id' } }
  const first = await read(server, options)
  const second = await read(server, options, first.position)
  expect(second.records).toEqual([])
  await read(server, options, second.position)
  expect(server.requests.map((request) => query(request, 'since'))).toEqual([null, '7', '7'])
})

test('a token is obtained by client credentials, and a new one where it is no longer taken', async () => {
  let tokens = 0
  const server = await up((request, response) => {
    if (request.path === '/token') {
      tokens += 1
      return json(response, { access_token: `tok-${tokens}`, token_type: 'Bearer', expires_in: 3600 })
    }
    if (request.headers.authorization !== `Bearer tok-${tokens}`) return json(response, {}, {}, 401)
    const page = Number(query(request, 'page'))
    return json(response, page === 1 ? [{ id: 1 }] : [])
  })
  const oauth = {
    tokenURL: `${server.origin}/token`,
    clientId: 'andeby',
    clientSecret: 'hemmelig',
    scopes: 'read',
  }
  const source = sourceOf(server, { pagination: { page: {} } }, oauth)
  const found = await readAll(source, null, signal)
  expect(found.flatMap(({ records }) => records)).toEqual([{ id: 1 }])
  expect(server.requests[0]?.body).toContain('grant_type=client_credentials')
})

describe('a document', () => {
  test.each<[string, JsonObject, string, Json[]]>([
    [
      'text/csv',
      { format: 'csv', csv: { delimiter: ';' } },
      'a;b\n1;2\n3;4\n5;6\n',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
        { a: '5', b: '6' },
      ],
    ],
    ['application/x-ndjson', { format: 'ndjson' }, '1\n2\n3\n', [1, 2, 3]],
    [
      'application/xml',
      { format: 'xml', xml: { element: 'r' } },
      '<x><r>1</r><r>2</r><r>3</r></x>',
      ['1', '2', '3'],
    ],
  ])('of %s is read in batches, from any position', async (type, options, body, expected) => {
    const server = await up(
      (_request, response) => void response.writeHead(200, { 'content-type': type }).end(body),
    )
    const source = sourceOf(server, { path: 'export', ...options })
    const whole = await readAll(source, null, signal, { batchSize: 2 })
    expect(whole.flatMap(({ records }) => records)).toEqual(expected)
    const rest = await readAll(source, whole[0]?.position ?? null, signal)
    expect(rest.flatMap(({ records }) => records)).toEqual(expected.slice(2))
  })

  test('that is a page of HTML in place of JSON is an error', async () => {
    const server = await up((_request, response) => void response.end('<h1>Log in</h1>'))
    expect((await faultOf(read(server, {}))).detail).toMatch(/with no JSON/)
  })
})

describe('the ids of what has arrived', () => {
  const serveAll = () =>
    up((request, response) => {
      if (request.method === 'POST') return json(response, {})
      const page = Number(query(request, 'page'))
      json(response, all.slice((page - 1) * 3, page * 3))
    })
  const options = (confirm: JsonObject): JsonObject => ({ pagination: { page: { size: 3 } }, confirm })

  test('are sent back once, in lists, with a key that tells repetitions', async () => {
    const server = await serveAll()
    const source = sourceOf(server, options({ path: 'ack', size: 4, body: '{ids: .}' }))
    const found = await readAll(source, null, signal, { batchSize: 2 })
    const last = found.at(-1)?.position ?? null
    expect(JSON.stringify(last).length).toBeLessThan(300)
    await source.confirm?.(last, signal)
    await source.confirm?.(last, signal)
    const posts = server.requests.filter(({ method }) => method === 'POST')
    expect(posts.map(({ body }) => JSON.parse(body) as Json)).toEqual([
      { ids: [1, 2, 3, 4] },
      { ids: [5, 6, 7] },
    ])
    expect(new Set(posts.map(({ headers }) => headers['idempotency-key'])).size).toBe(2)
  })

  test('are those of the read that was completed, although it had broken off before', async () => {
    const server = await serveAll()
    const source = sourceOf(server, options({ path: 'ack/{id}' }))
    const begun = await readAll(source, null, signal, { batchSize: 2 })
    // It went on from the second batch, as if what was read after it had been lost.
    const rest = await readAll(source, begun[1]?.position ?? null, signal, { batchSize: 2 })
    await source.confirm?.(rest.at(-1)?.position ?? null, signal)
    const posts = server.requests.filter(({ method }) => method === 'POST')
    expect(posts.map(({ path }) => path)).toEqual(all.map(({ id }) => `/api/ack/${id}`))
  })

  test('are sent again where the system did not take them', async () => {
    let failures = 1
    const server = await up((request, response) => {
      if (request.method !== 'POST') return json(response, all)
      failures -= 1
      json(response, {}, {}, failures >= 0 ? 503 : 200)
    })
    const source = sourceOf(server, { confirm: { path: 'ack' } })
    const last = (await readAll(source, null, signal)).at(-1)?.position ?? null
    expect((await faultOf((async () => source.confirm?.(last, signal))())).status).toBe(503)
    await source.confirm?.(last, signal)
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(2)
  })
})

describe('sending', () => {
  const send = async (server: TestServer, options: JsonObject, records: Json[], concurrency = 1) => {
    const target = connect(http, { url: server.origin }, host).target?.(options)
    const delivery = await target?.begin({
      mode: 'append',
      key: [],
      deliveryId: 'd',
      state: null,
      concurrency,
      signal,
    })
    return (await delivery?.write(batch(records, 0), signal))?.refused ?? []
  }

  test('each record carries its own key, the same on every attempt', async () => {
    const server = await up((_request, response) => json(response, {}))
    await send(server, { path: 'in' }, [{ a: 1 }, { a: 2 }])
    await send(server, { path: 'in' }, [{ a: 1 }, { a: 2 }])
    const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual(['delivery-0', 'delivery-1', 'delivery-0', 'delivery-1'])
    expect(server.requests.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":2}', '{"a":1}', '{"a":2}'])
  })

  test('an answer of 200 with an error in its body is judged by what is declared', async () => {
    const server = await up((request, response) => {
      const ok = !request.body.includes('bad')
      json(response, {
        ModtagBeskedOutput: { StatusKode: ok ? 20 : 40, FejlTekst: ok ? null : 'Ukendt bruger.' },
      })
    })
    const options = {
      accepted: '.body.ModtagBeskedOutput.StatusKode == 20',
      reason: '.body.ModtagBeskedOutput.FejlTekst',
    }
    const refused = await send(server, options, [{ a: 'good' }, { a: 'bad' }, { a: 'good' }])
    expect(refused).toMatchObject([
      {
        index: 1,
        problem: { detail: 'The system answered 200, but did not take the record: Ukendt bruger.' },
      },
    ])
  })

  test('what the system says is wrong with a record is its own fault, what is wrong with the system is not', async () => {
    const server = await up((request, response) => json(response, {}, {}, Number(JSON.parse(request.body))))
    expect((await send(server, {}, [201, 422, 409, 404, 200])).map(({ index }) => index)).toEqual([1, 2, 3])
    for (const status of [401, 403, 429, 500, 503]) {
      expect((await faultOf(send(server, {}, [200, status]))).status, String(status)).toBe(status)
    }
  })

  test('a batch is one request, and the answer says which records were not taken', async () => {
    const server = await up((_request, response) =>
      json(response, { errors: [{ index: 1, reason: 'Findes.' }, { index: 0 }] }),
    )
    const refused = await send(server, { send: 'batch', body: '{rows: .}', refused: '.body.errors' }, [
      { a: 1 },
      { a: 2 },
      { a: 3 },
    ])
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ rows: [{ a: 1 }, { a: 2 }, { a: 3 }] })
    expect(refused.map(({ index, problem }) => [index, problem.detail])).toEqual([
      [0, 'The system did not take the record.'],
      [1, 'The system did not take the record: Findes.'],
    ])
    const outOfRange = await up((_request, response) => json(response, { errors: [7] }))
    await faultOf(send(outOfRange, { send: 'batch', refused: '.body.errors' }, [{ a: 1 }]))
  })

  test('several at once are no more than asked for', async () => {
    let now = 0
    let most = 0
    const server = await up(async (_request, response) => {
      now += 1
      most = Math.max(most, now)
      await new Promise((done) => setTimeout(done, 5))
      now -= 1
      json(response, {})
    })
    await send(
      server,
      {},
      Array.from({ length: 20 }, (_, at) => ({ at })),
      4,
    )
    expect(most).toBe(4)
  })

  test('a member in the path stays one step of it', async () => {
    const server = await up((_request, response) => json(response, {}))
    const refused = await send(server, { path: 'p/{id}' }, [
      { id: '../a b' },
      { id: '..' },
      { id: null },
      { other: 1 },
    ])
    expect(server.requests.map(({ path }) => path)).toEqual(['/p/..%2Fa%20b'])
    expect(refused.map(({ index }) => index)).toEqual([1, 2, 3])
  })
})

test('an HTTPEndpoint carries its headers, and never shows them', async () => {
  const server = await up(
    (_request, response) => void response.writeHead(403).end('key hemmelig-nok is wrong'),
  )
  const connection = connect(httpEndpoint, { baseUrl: server.origin }, host, {
    headers: { 'X-Api-Key': 'hemmelig-nok' },
  })
  const fault = await faultOf(readAll(connection.source?.({}) as never, null, signal))
  expect(server.requests[0]?.headers['x-api-key']).toBe('hemmelig-nok')
  expect(JSON.stringify(fault)).not.toContain('hemmelig')
})

test('what cannot be jq, or an address, is told when it is opened', async () => {
  expect(() => connect(http, { url: 'ftp://x' }, host)).toThrow(/not one of http/)
  const connection = connect(http, { url: 'http://127.0.0.1:1' }, host)
  expect(() => connection.source?.({ items: '.[' })).toThrow(/`items` is not valid jq/)
  expect(() => connection.target?.({ accepted: '???' })).toThrow(/`accepted` is not valid jq/)
})
