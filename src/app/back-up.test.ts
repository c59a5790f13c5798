import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openServer, type TestServer } from '../server/testing/open-server.ts'
import { backUp, type Backup } from './back-up.ts'

const definition = (name: string, tasks: string) =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\ndo:\n${tasks}\n`

const files = {
  'connections/files.yaml': `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: files }
spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: files }] }
`,
  'files/in.ndjson': '{"id":1}\n{"id":2}\n{"id":3,"cpr":"0101505006"}\n',
  'pipelines/move.yaml': definition(
    'move',
    `  - move:
      call: transfer:1.0.0@default
      with: { from: { connection: files, path: in.ndjson }, to: [{ connection: files, path: out.ndjson }] }`,
  ),
  'pipelines/hold.yaml': definition(
    'hold',
    '  - hold: { listen: { to: { one: { with: { type: test.release } } } } }',
  ),
  'pipelines/count.yaml': definition('count', "  - count: { set: { n: '${ .n + 1 }' } }"),
}

let folder: string
let server: TestServer
let copy: TestServer
let backup: Backup
let held: string
let dataset: string
/** Ids of the runs that had been acknowledged when the backup began. */
let before: string[]

const target = (name: string) => join(folder, name)
const start = async (on: TestServer, name: string, input: object = {}): Promise<string> => {
  const { json } = await on.call('POST', `/api/v1/pipelines/test/${name}/runs`, { json: { input } })
  return json.id
}
const statusOf = async (on: TestServer, id: string): Promise<string> =>
  (await on.call('GET', `/api/v1/runs/${id}`)).json.status
const move = async (): Promise<string> => {
  const id = await start(server, 'move')
  await vi.waitUntil(async () => (await statusOf(server, id)) === 'completed', { timeout: 20_000 })
  const { json } = await server.call('GET', '/api/v1/transfers')
  const moved = json.transfers.find(({ run }: { run: string }) => run === id)
  return moved.dataset.replace('sluse:dataset/', '')
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-backup-'))
  server = await openServer(files)
  held = await start(server, 'hold')
  const erased = await move()
  await server.call('POST', `/api/v1/datasets/${erased}/erase`)
  dataset = await move()
  // It is kept under another name, and another key, from then on.
  await server.call('POST', '/api/v1/people/erase', { json: { person: '0101505006' } })
  before = []
  let going = true
  const load = (async () => {
    for (let n = 0; going; n++) before.push(await start(server, 'count', { n }))
  })()
  await vi.waitUntil(() => before.length > 10, { timeout: 20_000 })
  const acknowledged = [...before]
  backup = await backUp({ data: server.app.settings.data, target: target('copy') })
  going = false
  await load
  before = acknowledged
  copy = await openServer(files, { flags: { data: target('copy') } })
}, 60_000)

afterAll(async () => {
  await copy.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a run that was acknowledged before the backup ends on the copy', async () => {
  for (const id of before) {
    await expect.poll(() => statusOf(copy, id), { timeout: 20_000 }).toBe('completed')
  }
})

test('a run that listens goes on on the copy, and still listens where it was', async () => {
  const event = { specversion: '1.0', id: '1', source: '/test', type: 'test.release' }
  await copy.call('POST', '/events', {
    body: JSON.stringify(event),
    headers: { 'content-type': 'application/cloudevents+json' },
  })
  await expect.poll(() => statusOf(copy, held), { timeout: 20_000 }).toBe('completed')
  expect(await statusOf(server, held)).toMatch(/running|waiting/)
})

test('records and the audit log are whole on the copy', async () => {
  const { json: preview } = await copy.call('GET', `/api/v1/datasets/${dataset}/records`)
  expect(preview.records).toHaveLength(2)
  const { json: verified } = await copy.call('GET', '/api/v1/audit/verify')
  expect(verified).toMatchObject({ ok: true })
})

test('what was erased is not in it', () => {
  expect(readdirSync(join(target('copy'), 'keys'))).toEqual([`${dataset}.1.key`])
  expect(readdirSync(join(target('copy'), 'datasets'))).toEqual([`${dataset}.1`])
})

test('it says what it is', () => {
  expect(backup).toMatchObject({ folder: target('copy'), files: expect.any(Number) as number })
  expect(Date.parse(backup.at)).toBeLessThan(Date.now())
})

test('without keys, no record can be read', async () => {
  await backUp({ data: server.app.settings.data, target: target('closed'), withoutKeys: true })
  const closed = await openServer(files, { flags: { data: target('closed') } })
  expect((await closed.call('GET', `/api/v1/datasets/${dataset}/records`)).status).toBe(410)
  await closed.close()
})

test('what another backup left that was killed is no hindrance', async () => {
  mkdirSync(target('.again.partial'))
  writeFileSync(join(target('.again.partial'), 'sluse.db'), 'half')
  await backUp({ data: server.app.settings.data, target: target('again') })
  expect(existsSync(target('.again.partial'))).toBe(false)
})

test.each([
  ['that exists', () => ({ target: target('copy') }), /exists/],
  [
    'within the data folder',
    () => ({ target: join(server.app.settings.data, 'backup') }),
    /within the data folder/,
  ],
])('a folder %s is refused', async (_what, request, message) => {
  await expect(backUp({ data: server.app.settings.data, ...request() })).rejects.toThrow(message)
})

test('a data folder without a database is refused, and nothing is left', async () => {
  const attempt = backUp({ data: target('none'), target: target('of-none') })
  await expect(attempt).rejects.toMatchObject({ code: 'SLUSE-BACKUP' })
  expect(readdirSync(folder).filter((name) => name.includes('of-none'))).toEqual([])
})
