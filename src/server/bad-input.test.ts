import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApp } from '../app.ts'
import { readSettings } from '../config/index.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

const definition = (name: string, tasks: string) =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\ndo:\n${tasks}\n`

const files = {
  'pipelines/echo.yaml': definition('echo', "  - say: { set: { said: '${ . }' } }"),
  'pipelines/hold.yaml': definition(
    'hold',
    '  - hold: { listen: { to: { one: { with: { type: test.release } } } } }',
  ),
  'pipelines/forever.yaml': definition('forever', "  - turn: { set: { x: '${ def f: f; f }' } }"),
  'pipelines/backtrack.yaml': definition(
    'backtrack',
    '  - match: { set: { x: \'${ ("a" * 5000 + "b") | test("^(a+)+$") }\' } }',
  ),
  'pipelines/swell.yaml': definition('swell', "  - swell: { set: { x: '${ [range(1e9)] }' } }"),
  'pipelines/circle.yaml': definition(
    'circle',
    "  - again: { run: { workflow: { namespace: test, name: circle, version: '1.0.0' } } }",
  ),
  'pipelines/rounds.yaml': definition(
    'rounds',
    '  - here: { set: { x: 1 } }\n  - there: { set: { x: 2 }, then: here }',
  ),
}

async function start(server: TestServer, name: string, input: object = {}) {
  return server.call('POST', `/api/v1/pipelines/test/${name}/runs`, { json: { input } })
}

/** How a run ended; other requests are answered meanwhile. */
async function ended(server: TestServer, id: string) {
  for (;;) {
    const { json } = await server.call('GET', `/api/v1/runs/${id}`)
    if (!['pending', 'running', 'waiting'].includes(json.status)) return json
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('a pipeline', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await openServer(files)
  })
  afterAll(() => server.close())

  test.each([
    ['with an expression that never ends', 'forever', 'errors/expression', /steps/],
    ['with a pattern that tries for ever', 'backtrack', 'errors/expression', /steps/],
    [
      'with an expression that builds without end',
      'swell',
      'errors/expression',
      /too large|elements|size|steps/,
    ],
    ['that runs itself', 'circle', 'errors/configuration', /does test\/circle run itself/],
  ])('%s faults and says why; the server goes on', async (_what, name, type, detail) => {
    const { json: started } = await start(server, name)
    const { status, error } = await ended(server, started.id)
    expect(status).toBe('faulted')
    expect(error.type).toContain(type)
    expect(error.detail).toMatch(detail)
    const { json: other } = await start(server, 'echo', { n: 1 })
    expect(await ended(server, other.id)).toMatchObject({ status: 'completed' })
  })

  test('that goes round and round holds up no other, and can be cancelled', async () => {
    const { json: started } = await start(server, 'rounds')
    const { json: other } = await start(server, 'echo', { n: 1 })
    expect(await ended(server, other.id)).toMatchObject({ status: 'completed' })
    expect((await server.call('POST', `/api/v1/runs/${started.id}/cancel`)).status).toBe(200)
    expect(await ended(server, started.id)).toMatchObject({ status: 'cancelled' })
  })
})

describe('a disk that is full', () => {
  test('is told to whoever asks for more; the server goes on, and nothing acknowledged is lost', async () => {
    const server = await openServer(files, { flags: { maxDataBytes: '2MB' } })
    const accepted: string[] = []
    const { json: held } = await start(server, 'hold')
    const publish = async (id: string, size: number) => {
      const event = { specversion: '1.0', id, source: '/test', type: 'test.fill', data: 'x'.repeat(size) }
      return server.call('POST', '/events', {
        body: JSON.stringify(event),
        headers: { 'content-type': 'application/cloudevents+json' },
      })
    }
    for (let n = 0; ; n++) {
      const { status, json, headers } = await publish(`fill-${n}`, 100_000)
      if (status === 202) {
        accepted.push(`fill-${n}`)
        continue
      }
      expect(json).toMatchObject({ status: 507, code: 'SLUSE-STORE-FULL' })
      expect(headers.get('retry-after')).toBe('5')
      break
    }
    expect(accepted.length).toBeGreaterThan(5)
    expect((await start(server, 'echo', { text: 'x'.repeat(200_000) })).json).toMatchObject({ status: 507 })
    expect((await server.call('GET', '/health')).status).toBe(200)
    expect((await server.call('GET', `/api/v1/runs/${held.id}`)).json.id).toBe(held.id)

    // As an operator does: more room, and a new start.
    await server.server.end()
    await server.app.close()
    const flags = { project: server.project, maxDataBytes: '20MB' }
    const { settings } = await readSettings({ environment: {}, flags })
    const app = await openApp({ settings, log: () => {}, environment: {} })
    try {
      const { events } = await app.inbox.list({ type: 'test.fill', limit: 500 })
      expect(events.map(({ event }) => event.id).reverse()).toEqual(accepted)
      await app.engine.publish([{ specversion: '1.0', id: 'r', source: '/test', type: 'test.release' }])
      expect(await app.engine.outcome(held.id)).toMatchObject({ status: 'completed' })
    } finally {
      await app.close()
      await server.close()
    }
  })
})
