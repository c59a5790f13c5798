import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

let server: TestServer
let finance: Server
let status = 200
let calls = 0

async function open(annotations = '') {
  status = 200
  calls = 0
  finance = createServer((_request, response) => {
    calls += 1
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"booked":true}')
  })
  await new Promise<void>((resolve) => finance.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(finance.address() as AddressInfo).port}`
  server = await openServer({
    'connections/finance.yaml': `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: finance, annotations: { ${annotations} } }
spec: { baseUrl: '${url}/api' }
`,
    'pipelines/book.yaml': `document: { dsl: '1.0.3', namespace: test, name: book, version: '1.0.0' }
do:
  - book: { call: http, with: { method: post, endpoint: '${url}/api/postings', body: {} } }
`,
    'pipelines/careful.yaml': `document: { dsl: '1.0.3', namespace: test, name: careful, version: '1.0.0' }
do:
  - book:
      try:
        - send: { call: http, with: { method: post, endpoint: '${url}/api/postings', body: {} } }
      catch:
        errors: { with: { type: https://serverlessworkflow.io/spec/1.0.0/errors/communication } }
        as: problem
        do: [{ note: { set: { status: '\${ $problem.status }', breaker: '\${ $problem.circuitBreaker }' } } }]
`,
  })
}
afterEach(async () => {
  await server.close()
  await new Promise((resolve) => finance.close(resolve))
})

const book = async (name = 'book') =>
  (await server.call('POST', `/api/v1/pipelines/test/${name}/runs`, { json: {} })).json as { id: string }
const target = async () => (await server.call('GET', '/api/v1/targets/finance')).json
const act = (action: string, json?: object) =>
  server.call('POST', `/api/v1/targets/finance/${action}`, json && { json })
const ended = async (id: string) => server.app.engine.outcome(id)

describe('the targets of a server', () => {
  it('are those that a connection names, before anything is called', async () => {
    await open("sluse/max-concurrent: '3'")
    expect((await server.call('GET', '/api/v1/targets')).json.targets).toMatchObject([
      {
        key: 'app:finance',
        breaker: { state: 'closed' },
        limits: { concurrency: 3, running: 0 },
        limitsChanged: false,
        attempts: 0,
        policies: { timeout: 'built-in', retry: 'built-in', breaker: 'built-in' },
      },
    ])
  })

  it('count the calls below their address', async () => {
    await open()
    await ended((await book()).id)
    expect(await target()).toMatchObject({ attempts: 1, failures: 0, waiting: 0 })
    const { text } = await server.call('GET', '/metrics')
    expect(text).toContain('sluse_target_calls_total{target="app:finance"} 1')
    expect(text).toContain('sluse_target_breaker_closed{target="app:finance"} 1')
  })

  it('get no calls while one is held: these wait on disk, also over a restart, and go when it is released', async () => {
    await open()
    expect((await act('hold')).json.breaker.state).toBe('held')
    const { id } = await book()
    await expect.poll(async () => (await target()).waiting, { timeout: 30_000 }).toBe(1)
    await server.restart()
    expect(await target()).toMatchObject({ breaker: { state: 'held' }, waiting: 1 })
    expect(calls).toBe(0)
    expect((await act('release')).json.breaker.state).toBe('closed')
    expect(await ended(id)).toEqual({ status: 'completed', output: { booked: true } })
    expect(calls).toBe(1)
  })

  it('that are down are told of at once to a pipeline that has a fallback', async () => {
    await open()
    await act('hold')
    expect(await ended((await book('careful')).id)).toEqual({
      status: 'completed',
      output: { status: 503, breaker: 'open' },
    })
  })

  it('keep the limits that an operator gives them, until the declared ones are asked for', async () => {
    await open("sluse/max-concurrent: '3'")
    expect((await act('limits', { concurrency: 7, perSecond: 0.5 })).json).toMatchObject({
      limits: { concurrency: 7, perSecond: 0.5 },
      limitsChanged: true,
    })
    await server.restart()
    expect(await target()).toMatchObject({ limits: { concurrency: 7, perSecond: 0.5 }, limitsChanged: true })
    expect((await act('limits')).json).toMatchObject({ limits: { concurrency: 3 }, limitsChanged: false })
    await server.restart()
    expect(await target()).toMatchObject({ limits: { concurrency: 3 }, limitsChanged: false })
  })

  it('are closed again by a reset', async () => {
    await open()
    status = 503
    await Promise.all(Array.from({ length: 30 }, async () => ended((await book('careful')).id)))
    expect((await target()).breaker.state).toBe('open')
    status = 200
    expect((await act('reset')).json.breaker).toMatchObject({ state: 'closed', totalFailures: 0 })
    expect(await ended((await book()).id)).toMatchObject({ status: 'completed' })
  })

  it('are changed only where that makes sense', async () => {
    await open()
    expect((await act('release')).json).toMatchObject({ status: 409, code: 'SLUSE-TARGET-STATE' })
    await act('hold')
    expect((await act('reset')).json).toMatchObject({ code: 'SLUSE-TARGET-STATE' })
    for (const wrong of [{ concurrency: 0 }, { perSecond: 0 }, { perSecond: -1 }, { rate: 1 }]) {
      expect((await act('limits', wrong)).status).toBe(400)
    }
    const missing = await server.call('GET', '/api/v1/targets/nobody')
    expect(missing.json).toMatchObject({ status: 404, code: 'SLUSE-TARGET-NOT-FOUND' })
  })

  it('have every change in the audit log, with what it was and whether it could be done', async () => {
    await open()
    await act('hold')
    await act('hold')
    await act('limits', { concurrency: 2 })
    const { entries } = await server.app.audit.list({ action: 'targets.control' })
    expect(
      entries.map(({ resource, outcome, details }) => ({ resource, outcome, details })).reverse(),
    ).toEqual([
      { resource: 'target/app:finance', outcome: 'done', details: { change: 'hold' } },
      {
        resource: 'target/finance',
        outcome: 'failed',
        details: { change: 'hold', code: 'SLUSE-TARGET-STATE' },
      },
      {
        resource: 'target/app:finance',
        outcome: 'done',
        details: { change: 'limit', limits: { concurrency: 2 } },
      },
    ])
  })
})
