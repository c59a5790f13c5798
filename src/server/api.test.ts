import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

const head = (name: string, version = '1.0.0') =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '${version}', title: About ${name} }\n`
const files = {
  'pipelines/echo.yaml': `${head('echo')}do:\n  - say: { set: { said: '\${ .word }' } }\n`,
  'pipelines/echo-2.yaml': `${head('echo', '1.10.0')}do:\n  - say: { set: { said: '\${ .word + "!" }' } }\n`,
  'pipelines/echo-3.yaml': `${head('echo', '1.9.0')}do:\n  - say: { set: { said: no } }\n`,
  'pipelines/fail.yaml': `${head('fail')}do:\n  - fall: { raise: { error: { type: 'https://example.dk/fell', status: 418, title: Fell } } }\n`,
  'pipelines/wait.yaml': `${head('wait')}do:\n  - first: { set: { x: 1 } }\n  - hear: { listen: { to: { one: { with: { type: dk.test.go } } } } }\n`,
}

let server: TestServer
beforeAll(async () => {
  server = await openServer(files)
})
afterAll(() => server.close())

const start = async (name: string, input?: unknown, headers = {}) =>
  server.call('POST', `/api/v1/pipelines/test/${name}/runs`, { json: { input }, headers })
const ended = async (id: string) => server.app.engine.outcome(id)

describe('pipelines', () => {
  test('are listed, the highest version first', async () => {
    const { json } = await server.call('GET', '/api/v1/pipelines')
    expect(
      json.pipelines.map((each: { name: string; version: string }) => `${each.name}:${each.version}`),
    ).toEqual(['echo:1.10.0', 'echo:1.9.0', 'echo:1.0.0', 'fail:1.0.0', 'wait:1.0.0'])
  })

  test('are given with their text, versions and graph', async () => {
    const { json } = await server.call('GET', '/api/v1/pipelines/test/echo?version=1.0.0')
    expect(json).toMatchObject({
      pipeline: { version: '1.0.0', title: 'About echo', file: 'pipelines/echo.yaml' },
      versions: ['1.10.0', '1.9.0', '1.0.0'],
      source: files['pipelines/echo.yaml'],
      findings: [],
    })
    expect(json.graph).toContain('flowchart')
  })

  test('that are not there are not found', async () => {
    for (const path of ['/api/v1/pipelines/test/none', '/api/v1/pipelines/test/echo?version=7.0.0']) {
      expect((await server.call('GET', path)).json).toMatchObject({
        status: 404,
        code: 'SLUSE-DEFINITION-NOT-FOUND',
      })
    }
    expect((await start('none')).status).toBe(404)
  })

  test('are checked without being kept', async () => {
    const good = await server.call('POST', '/api/v1/pipelines/validate', {
      body: files['pipelines/echo.yaml'],
      headers: { 'content-type': 'application/yaml' },
    })
    expect(good.json).toEqual({ valid: true, findings: [] })
    const bad = await server.call('POST', '/api/v1/pipelines/validate', {
      body: `${head('x')}do:\n  - a: { sit: 1 }\n`,
      headers: { 'content-type': 'text/plain' },
    })
    expect(bad.json).toMatchObject({ valid: false, findings: [{ line: 3, code: 'SLUSE-DEFINITION-TASK' }] })
  })

  test('are not taken over HTTP by a server that is not for writing them', async () => {
    const answer = await server.call('PUT', '/api/v1/pipelines/test/new', {
      body: `${head('new')}do:\n  - a: { set: { x: 1 } }\n`,
      headers: { 'content-type': 'application/yaml' },
    })
    expect(answer.json).toMatchObject({ status: 403, code: 'SLUSE-DEPLOY-REFUSED' })
  })
})

describe('a pipeline that is disabled', () => {
  const change = async (action: string) => server.call('POST', `/api/v1/pipelines/test/echo/${action}`)
  const state = async () => {
    const { json } = await server.call('GET', '/api/v1/pipelines/test/echo?version=1.0.0')
    return json.pipeline.disabled
  }

  test('starts no run of any version, says so everywhere, and goes on when it is enabled', async () => {
    expect((await change('disable')).json).toMatchObject({ name: 'echo', disabled: { by: 'local' } })
    for (const version of ['1.0.0', '1.10.0']) {
      const path = `/api/v1/pipelines/test/echo/runs?version=${version}`
      expect((await server.call('POST', path)).json).toMatchObject({
        status: 409,
        code: 'SLUSE-PIPELINE-DISABLED',
      })
    }
    expect(await state()).toMatchObject({ at: expect.any(String) })
    const { json } = await server.call('GET', '/api/v1/overview')
    expect(json.attention.disabled).toEqual([{ namespace: 'test', name: 'echo' }])
    await server.restart()
    expect((await start('echo')).status).toBe(409)
    expect((await change('enable')).json.disabled).toBeUndefined()
    expect((await start('echo', { word: 'Hi' })).status).toBe(201)
  })

  test('stands in the audit log, once for each change, with who did it', async () => {
    await change('disable')
    await change('disable')
    await change('enable')
    const { json } = await server.call('GET', '/api/v1/audit?resource=pipeline/test/echo&limit=3')
    expect(json.entries.slice(0, 2)).toMatchObject([
      { action: 'pipelines.control', outcome: 'done', namespace: 'test', details: { enabled: true } },
      { action: 'pipelines.control', outcome: 'done', namespace: 'test', details: { enabled: false } },
    ])
    expect((await server.call('POST', '/api/v1/pipelines/test/none/disable')).status).toBe(404)
  })
})

describe('runs', () => {
  test('are started, durable before the answer, and give their output', async () => {
    const { status, json, headers } = await start('echo', { word: 'Åh' })
    expect({ status, existing: json.existing }).toEqual({ status: 201, existing: false })
    expect(headers.get('location')).toBe(`/api/v1/runs/${json.id}`)
    await ended(json.id)
    expect((await server.call('GET', `/api/v1/runs/${json.id}`)).json).toMatchObject({
      status: 'completed',
      by: 'local',
      definition: { name: 'echo', version: '1.10.0' },
    })
    expect((await server.call('GET', `/api/v1/runs/${json.id}/output`)).json).toEqual({ said: 'Åh!' })
    const timeline = (await server.call('GET', `/api/v1/runs/${json.id}/timeline`)).json
    expect(timeline).toMatchObject({
      input: { word: 'Åh' },
      output: { said: 'Åh!' },
      tasks: [{ task: '/do/0/say' }],
    })
    const lifecycle = (await server.call('GET', `/api/v1/runs/${json.id}/lifecycle`)).json
    expect(lifecycle.at(-1)).toMatchObject({
      specversion: '1.0',
      type: expect.stringContaining('workflow.completed'),
    })
  })

  test('of the version asked for', async () => {
    const { json } = await server.call('POST', '/api/v1/pipelines/test/echo/runs?version=1.0.0', {
      json: { input: { word: 'a' } },
    })
    expect(await ended(json.id)).toEqual({ status: 'completed', output: { said: 'a' } })
  })

  test('start once for a key, also when asked at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => start('echo', { word: 'once' }, { 'idempotency-key': 'k-1' })),
    )
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201])
    const other = await start('fail', {}, { 'idempotency-key': 'k-1' })
    expect(other.status).toBe(201)
  })

  test('that fault say why, and have no output', async () => {
    const { json } = await start('fail')
    await ended(json.id)
    expect((await server.call('GET', `/api/v1/runs/${json.id}`)).json).toMatchObject({
      status: 'faulted',
      error: { type: 'https://example.dk/fell', status: 418 },
    })
    expect((await server.call('GET', `/api/v1/runs/${json.id}/output`)).json).toMatchObject({
      status: 409,
      code: 'SLUSE-RUN-STATE',
    })
  })

  test('are suspended, resumed, cancelled and rerun', async () => {
    const { id } = (await start('wait')).json
    const act = async (action: string) => server.call('POST', `/api/v1/runs/${id}/${action}`)
    expect((await act('suspend')).json.status).toBe('suspended')
    expect((await act('suspend')).json).toMatchObject({ status: 409, code: 'SLUSE-RUN-STATE' })
    expect((await act('resume')).status).toBe(200)
    expect((await act('cancel')).status).toBe(200)
    expect(await ended(id)).toEqual({ status: 'cancelled' })
    expect((await act('cancel')).json).toMatchObject({ status: 409, code: 'SLUSE-RUN-ENDED' })

    const again = await server.call('POST', `/api/v1/runs/${id}/rerun`, { json: { from: '/do/1/hear' } })
    expect(again.status).toBe(201)
    await server.call('POST', `/api/v1/runs/${again.json.id}/cancel`)
    expect((await server.call('GET', `/api/v1/runs/${again.json.id}`)).json).toMatchObject({ rerunOf: id })
    expect(
      (await server.call('POST', `/api/v1/runs/${id}/rerun`, { json: { from: '/do/7/none' } })).json.code,
    ).toBe('SLUSE-RUN-TASK')
  })

  test('are acted on in bulk, each with its own result', async () => {
    const { id } = (await start('wait')).json
    const { json } = await server.call('POST', '/api/v1/runs/bulk', {
      json: { action: 'cancel', ids: [id, 'none'] },
    })
    expect(json.results).toEqual([
      { id, ok: true },
      { id: 'none', ok: false, code: 'SLUSE-RUN-NOT-FOUND' },
    ])
  })

  test('are listed by filters, in pages', async () => {
    const list = async (query: string) => (await server.call('GET', `/api/v1/runs?${query}`)).json
    for (const word of ['a', 'b', 'c']) await ended((await start('echo', { word })).json.id)
    const first = await list('name=echo&limit=2')
    const second = await list(`name=echo&limit=2&cursor=${encodeURIComponent(first.next)}`)
    expect(first.runs).toHaveLength(2)
    const ids = [...first.runs, ...second.runs].map(({ id }: { id: string }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const faulted = await list('status=faulted,cancelled')
    expect(new Set(faulted.runs.map(({ status }: { status: string }) => status))).toEqual(
      new Set(['faulted', 'cancelled']),
    )
    expect((await list('from=2999-01-01T00:00:00Z')).runs).toEqual([])
  })

  test('refuse filters that mean nothing', async () => {
    for (const query of ['status=happy', 'limit=0', 'limit=501', 'limit=x', 'from=tuesday', 'colour=red']) {
      expect((await server.call('GET', `/api/v1/runs?${query}`)).status, query).toBe(400)
    }
  })

  test('that are not there are not found, whatever is asked of them', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/timeline'],
      ['GET', '/output'],
      ['GET', '/lifecycle'],
      ['GET', '/live'],
      ['POST', '/cancel'],
      ['POST', '/suspend'],
      ['POST', '/resume'],
      ['POST', '/rerun'],
    ] as const) {
      const { json } = await server.call(method, `/api/v1/runs/none${path}`)
      expect(json, path).toMatchObject({ status: 404, code: 'SLUSE-RUN-NOT-FOUND' })
    }
  })
})

describe('the description of the API', () => {
  test('is OpenAPI 3.1, whose references lead somewhere and whose operations have names', async () => {
    const { json } = await server.call('GET', '/openapi.json')
    expect(json.openapi).toBe('3.1.0')
    const text = JSON.stringify(json)
    for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(json.components.schemas)).toContain(name)
    }
    const operations = Object.values(json.paths as object).flatMap((path: object) => Object.values(path)) as {
      operationId: string
    }[]
    expect(operations.length).toBeGreaterThan(15)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  })

  test('has the schema of definitions for editors', async () => {
    const { json, headers } = await server.call('GET', '/schemas/workflow.json')
    expect(json).toMatchObject({ $schema: expect.stringContaining('json-schema.org') })
    expect(headers.get('content-type')).toContain('application/schema+json')
  })
})

describe('a server for writing pipelines', () => {
  test('writes a definition into the project and runs it at once; what is broken stays as it was', async () => {
    const dev = await openServer(files, { editable: true })
    try {
      const put = async (name: string, body: string) =>
        dev.call('PUT', `/api/v1/pipelines/test/${name}`, {
          body,
          headers: { 'content-type': 'application/yaml' },
        })
      const text = `${head('new')}do:\n  - a: { set: { x: 1 } }\n`
      expect((await put('new', text)).json).toMatchObject({ name: 'new', file: 'pipelines/new.yaml' })
      expect(readFileSync(join(dev.project, 'pipelines/new.yaml'), 'utf8')).toBe(text)
      const broken = await put('new', `${head('new')}do:\n  - a: { sit: 1 }\n`)
      expect(broken.json).toMatchObject({
        status: 422,
        code: 'SLUSE-DEFINITION-INVALID',
        findings: [{ line: 3 }],
      })
      expect((await put('other', text)).json).toMatchObject({ status: 400, code: 'SLUSE-REQUEST' })
      const { json } = await dev.call('POST', '/api/v1/pipelines/test/new/runs')
      expect(await dev.app.engine.outcome(json.id)).toEqual({ status: 'completed', output: { x: 1 } })
      expect(existsSync(join(dev.project, 'pipelines/other.yaml'))).toBe(false)
    } finally {
      await dev.close()
    }
  })
})
