import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

const head = (name: string) =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\n`
const files = {
  'pipelines/loop.yaml': `${head('loop')}do:
  - each:
      for: { each: item, in: '[1, 2]' }
      do:
        - double: { set: { twice: '\${ $item * 2 }' } }
`,
  'pipelines/fail.yaml': `${head('fail')}do:
  - fine: { set: { x: 1 } }
  - fall: { raise: { error: { type: 'https://example.dk/fell', status: 418, title: Fell } } }
`,
  'pipelines/hear.yaml': `${head('hear')}schedule: { on: { one: { with: { type: dk.test.begin } } } }
do:
  - hear: { listen: { to: { one: { with: { type: dk.test.go } } } } }
`,
  'pipelines/daily.yaml': `${head('daily')}schedule: { cron: '0 7 * * *' }
do:
  - x: { set: { x: 1 } }
`,
  'functions/talk/1.0.0/function.yaml': `run: { shell: { command: node talk.mjs, environment: { TOKEN: '\${ $secrets.token }' } } }
metadata: { protocol: ndjson }
`,
  'functions/talk/1.0.0/talk.mjs': `import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  console.error('looked at ' + line.length + ' characters <img src=x onerror=alert(1)>')
  console.error('with ' + process.env.TOKEN)
  console.log(line)
}
`,
  'pipelines/talks.yaml': `${head('talks')}use: { secrets: [token] }
do:
  - talk: { call: 'talk:1.0.0@default', with: { a: 1 } }
`,
  'pipelines/case.yaml': `${head('case')}do:
  - hear: { listen: { to: { one: { with: { type: dk.test.answered, subject: '\${ .id }' } } } } }
`,
  'pipelines/tries.yaml': `${head('tries')}do:
  - attempt:
      try:
        - fall: { raise: { error: { type: 'https://example.dk/fell', status: 418 } } }
      catch: { retry: { delay: { milliseconds: 1 }, limit: { attempt: { count: 2 } } } }
`,
}

let server: TestServer
beforeAll(async () => {
  server = await openServer(files, { environment: { SLUSE_SECRET_token: 'swordfish' } })
})
afterAll(() => server.close())

const start = async (name: string) =>
  (await server.call('POST', `/api/v1/pipelines/test/${name}/runs`)).json.id as string
const run = async (name: string) => {
  const id = await start(name)
  await server.app.engine.outcome(id)
  return id
}
const publish = async (type: string, id: string) =>
  server.call('POST', '/events', {
    body: JSON.stringify({ specversion: '1.0', id, source: '/test', type }),
    headers: { 'content-type': 'application/cloudevents+json' },
  })

describe('the runs of a case', () => {
  const found = async (query: string) =>
    (await server.call('GET', `/api/v1/runs?${query}`)).json.runs.map(
      ({ id }: { id: string }) => id,
    ) as string[]

  test('are found by the key that they were started with, whole', async () => {
    const path = '/api/v1/pipelines/test/loop/runs'
    const { json } = await server.call('POST', path, { headers: { 'idempotency-key': 'S-2026-17' } })
    expect(await found('correlation=S-2026-17')).toEqual([json.id])
    expect(await found('correlation=S-2026-1')).toEqual([])
    expect(await found('correlation=S-2026-17&status=faulted')).toEqual([])
  })

  test('are found by the value by which they wait for their event', async () => {
    const { json } = await server.call('POST', '/api/v1/pipelines/test/case/runs', {
      json: { input: { id: 'K-9' } },
    })
    await expect.poll(() => found('correlation=K-9'), { timeout: 20_000 }).toEqual([json.id])
  })
})

describe('the log of a run', () => {
  const logOf = async (id: string, query = '') => server.call('GET', `/api/v1/runs/${id}/logs${query}`)

  test('is what its functions said, with the trace and without secrets', async () => {
    const id = await run('talks')
    await expect.poll(async () => (await logOf(id)).json.lines.length).toBe(2)
    const { lines, ended } = (await logOf(id)).json
    expect(ended).toBe(true)
    expect(lines).toMatchObject([
      { level: 'info', data: { function: 'talk:1.0.0', trace: expect.stringMatching(/^[0-9a-f]{32}$/) } },
      { message: expect.stringMatching(/^with /) },
    ])
    expect(lines[0].message).toContain('<img src=x')
    expect(JSON.stringify(lines)).not.toContain('swordfish')
    expect((await logOf(id, `?after=${lines[0].seq}`)).json.lines).toEqual([lines[1]])
  })

  test('tells what people did, and is empty for a run that said nothing', async () => {
    const id = await start('hear')
    await server.call('POST', `/api/v1/runs/${id}/cancel`)
    await expect.poll(async () => (await logOf(id)).json.lines).toMatchObject([{ data: { by: 'local' } }])
    expect((await logOf(await run('fail'))).json).toEqual({ lines: [], more: false, ended: true })
    expect((await logOf('none')).status).toBe(404)
  })
})

describe('one run', () => {
  test('has a timeline without values, and each task with its values', async () => {
    const id = await run('loop')
    const { tasks } = (await server.call('GET', `/api/v1/runs/${id}/tasks`)).json
    expect(tasks.map((task: { key: string }) => task.key)).toEqual([
      '/do/0/each',
      '/do/0/each[0]/do/0/double',
      '/do/0/each[1]/do/0/double',
    ])
    for (const task of tasks) expect(Object.keys(task)).not.toContain('output')
    const key = encodeURIComponent('/do/0/each[1]/do/0/double')
    expect((await server.call('GET', `/api/v1/runs/${id}/task?key=${key}`)).json).toMatchObject({
      task: '/do/0/each/do/0/double',
      output: { twice: 4 },
    })
    expect((await server.call('GET', `/api/v1/runs/${id}/values`)).json).toEqual({
      input: {},
      output: { twice: 4 },
    })
    const none = await server.call('GET', `/api/v1/runs/${id}/task?key=/do/7/none`)
    expect(none.json).toMatchObject({ status: 404, code: 'SLUSE-TASK-NOT-FOUND' })
    expect((await server.call('GET', '/api/v1/runs/none/task?key=x')).json.code).toBe('SLUSE-RUN-NOT-FOUND')
  })

  test('says when each retry was', async () => {
    const id = await run('tries')
    const { tasks } = (await server.call('GET', `/api/v1/runs/${id}/tasks`)).json
    expect(tasks[0]).toMatchObject({ retries: 2, retriedAt: [expect.any(String), expect.any(String)] })
  })

  test('has the definition that it is pinned to, with the line of each task and of its error', async () => {
    const id = await run('fail')
    const { json } = await server.call('GET', `/api/v1/runs/${id}/definition`)
    expect(json).toMatchObject({ source: files['pipelines/fail.yaml'], file: 'pipelines/fail.yaml' })
    expect(json.places['/do/1/fall'].line).toBe(4)
    const node = json.flow.nodes.find((each: { task?: string }) => each.task === '/do/1/fall')
    expect(node).toMatchObject({ text: ['fall', 'raise 418 Fell'] })
    expect((await server.call('GET', '/api/v1/runs/none/definition')).status).toBe(404)
  })

  test('says what it waits for once it has left memory, and which events it took', async () => {
    await publish('dk.test.begin', 'b-1')
    const waiting = async () => (await server.call('GET', '/api/v1/runs?name=hear&status=waiting')).json.runs
    await expect.poll(async () => (await waiting()).length, { timeout: 20_000 }).toBe(1)
    const [{ id }] = await waiting()
    const { waits } = (await server.call('GET', `/api/v1/runs/${id}/tasks`)).json
    expect(waits).toEqual([
      { key: expect.stringContaining('/do/0/hear'), kind: 'event', event: 'dk.test.go' },
    ])
    await publish('dk.test.go', 'g-1')
    await server.app.engine.outcome(id)
    const { events } = (await server.call('GET', `/api/v1/runs/${id}/events`)).json
    expect(events).toMatchObject([
      { event: { id: 'b-1' } },
      { event: { id: 'g-1' }, key: expect.stringContaining('/do/0/hear') },
    ])
    expect((await server.call('GET', '/api/v1/runs/none/events')).status).toBe(404)
  })
})

describe('the overview', () => {
  test('counts what is open and what ended, and says what comes', async () => {
    const before = (await server.call('GET', '/api/v1/overview')).json
    await run('loop')
    await run('fail')
    const waiting = await start('hear')
    const { json } = await server.call('GET', '/api/v1/overview')
    expect(json.ended.completed).toBe((before.ended.completed ?? 0) + 1)
    expect(json.ended.faulted).toBe((before.ended.faulted ?? 0) + 1)
    expect(json.slow.map(({ id }: { id: string }) => id)).toContain(waiting)
    expect(json.ahead).toEqual([
      { namespace: 'test', name: 'daily', version: '1.0.0', at: expect.stringMatching(/^\d{4}-/) },
    ])
    expect(json.writable).toBe(true)
    await server.call('POST', `/api/v1/runs/${waiting}/cancel`)
  })
})
