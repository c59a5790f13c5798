import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

const lines = (records: readonly unknown[]) => records.map((each) => `${JSON.stringify(each)}\n`).join('')
const people = [
  { id: 1, cpr: '0101901234', amount: 10 },
  { id: 2, cpr: '0202905678', amount: 'ten' },
  { id: 3, cpr: '0303909012', amount: 30 },
]

let server: TestServer
let run: { status: string; output: { transfer: string; dataset: string } }
beforeAll(async () => {
  server = await openServer({
    'files/in.ndjson': lines(people),
    'connections/files.yaml': `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: files }
spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: files }] }
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: nowhere }
spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: nowhere }] }
`,
    'pipelines/move.yaml': `document: { dsl: 1.0.3, namespace: test, name: move, version: 1.0.0 }
do:
  - move:
      call: transfer:1.0.0@default
      with:
        from: { connection: files, path: in.ndjson }
        through:
          - map: '{ id, cpr, half: (.amount / 2) }'
        to:
          - { connection: files, path: out.ndjson }
        personalData: { encrypt: [.cpr] }
`,
  })
  const { id } = (await server.call('POST', '/api/v1/pipelines/test/move/runs', { json: {} })).json as {
    id: string
  }
  await server.app.engine.outcome(id)
  const { json } = await server.call('GET', `/api/v1/runs/${id}/timeline`)
  const timeline = json as { run: { status: string }; tasks: { output: typeof run.output }[] }
  run = { status: timeline.run.status, output: timeline.tasks[0]?.output ?? { transfer: '', dataset: '' } }
})
afterAll(() => server.close())

const written = () =>
  readFileSync(join(server.project, 'files', 'out.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

test('a transfer of a run is listed and shown, with its counts', async () => {
  expect(run.status).toBe('completed')
  const { transfers } = (await server.call('GET', '/api/v1/transfers?status=completed')).json as {
    transfers: { id: string }[]
  }
  expect(transfers.map(({ id }) => id)).toEqual([run.output.transfer])
  expect((await server.call('GET', `/api/v1/transfers/${run.output.transfer}`)).json).toMatchObject({
    status: 'completed',
    pipeline: { namespace: 'test', name: 'move' },
    read: 3,
    records: 2,
    bad: 1,
    deadLetters: 1,
    progress: { unit: 'bytes' },
    targets: [{ name: 'files', status: 'completed', delivered: 2, refused: 0 }],
  })
  expect((await server.call('GET', '/api/v1/transfers/none')).status).toBe(404)
})

test('a dataset is listed, and previewed with what is personal hidden', async () => {
  const { datasets } = (await server.call('GET', '/api/v1/datasets')).json as {
    datasets: { id: string; uri: string }[]
  }
  expect(datasets).toMatchObject([
    { uri: run.output.dataset, records: 2, complete: true, personalData: true },
  ])
  const id = datasets[0]?.id ?? ''
  expect((await server.call('GET', `/api/v1/datasets/${id}/records?from=1&limit=5`)).json).toEqual({
    records: [{ number: 1, origin: 'in.ndjson:3', record: { id: 3, cpr: '•••', half: 15 } }],
  })
})

test('a dead letter is shown, corrected without seeing what is hidden, and replayed', async () => {
  const { letters } = (await server.call('GET', '/api/v1/dead-letters?status=open')).json as {
    letters: { number: number }[]
  }
  expect(letters).toMatchObject([{ origin: 'in.ndjson:2', step: 0, attempts: 1 }])
  const path = `/api/v1/dead-letters/${letters[0]?.number}`
  const shown = await server.call('GET', path)
  expect(shown.json).toMatchObject({ record: { id: 2, cpr: '•••', amount: 'ten' } })
  expect(shown.text).not.toContain('0202905678')
  await server.call('PUT', path, { json: { record: { id: 2, cpr: '•••', amount: 20 } } })
  const replayed = await server.call('POST', '/api/v1/dead-letters/replay', {
    json: { where: { target: 'none' } },
  })
  expect(replayed.json).toEqual({ letters: 0, transfers: [] })
  const { transfers } = (
    await server.call('POST', '/api/v1/dead-letters/replay', { json: { where: { name: 'move' } } })
  ).json as { transfers: string[] }
  const status = async () =>
    (await server.call('GET', `/api/v1/transfers/${transfers[0]}`)).json as { status: string }
  await expect.poll(async () => (await status()).status, { timeout: 20_000 }).toBe('completed')
  expect(written()).toEqual([
    { id: 1, cpr: '0101901234', half: 5 },
    { id: 3, cpr: '0303909012', half: 15 },
    { id: 2, cpr: '0202905678', half: 10 },
  ])
  expect((await server.call('GET', path)).json).toMatchObject({ status: 'replayed', replay: transfers[0] })
  expect((await server.call('PUT', path, { json: { record: {} } })).status).toBe(409)
})

test('a connection is listed, and a check says what is wrong with it', async () => {
  const { connections } = (await server.call('GET', '/api/v1/connections')).json as { connections: unknown[] }
  expect(connections).toMatchObject([
    { name: 'files', type: 'bindings.localstorage', source: true },
    { name: 'nowhere' },
  ])
  const check = async (name: string) =>
    (await server.call('POST', `/api/v1/connections/${name}/check`)).json as unknown
  expect(await check('files')).toMatchObject({ works: true })
  expect(await check('nowhere')).toMatchObject({
    works: false,
    message: expect.stringContaining('does not exist') as string,
  })
  expect((await server.call('POST', '/api/v1/connections/none/check')).status).toBe(404)
})

test('a person is erased from datasets, which the audit log tells without saying who it was', async () => {
  const erased = await server.call('POST', '/api/v1/people/erase', { json: { person: '010190-1234' } })
  const id = run.output.dataset.replace('sluse:dataset/', '')
  expect(erased.json).toEqual({ datasets: [id], records: 1, deadLetters: 0, busy: [] })
  const { text, json } = await server.call('GET', '/api/v1/audit')
  const done = {
    resource: 'person',
    outcome: 'done',
    details: { datasets: [id], records: 1, deadLetters: 0, busy: [] },
  }
  expect((json as { entries: unknown[] }).entries).toContainEqual(expect.objectContaining(done) as unknown)
  expect(text).not.toMatch(/010190-?1234/)
})

test('a dataset that is erased cannot be read any more, nor its dead letters', async () => {
  const id = run.output.dataset.replace('sluse:dataset/', '')
  expect((await server.call('POST', `/api/v1/datasets/${id}/erase`)).json).toMatchObject({
    erasedAt: expect.any(String) as string,
  })
  expect((await server.call('GET', `/api/v1/datasets/${id}/records`)).status).toBe(410)
})
