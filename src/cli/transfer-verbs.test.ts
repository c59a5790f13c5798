import { afterEach, beforeEach, expect, test } from 'vitest'
import { definition, openFolder, type Running } from './testing/command.ts'

let folder: ReturnType<typeof openFolder>
let serving: Running | undefined
beforeEach(() => {
  folder = openFolder({
    'files/in.ndjson': '{"id":1}\n{"id":"two"}\n',
    'person.txt': 'nobody\n',
    'connections/files.yaml': `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: files }
spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: files }] }
`,
    'pipelines/move.yaml': definition(
      'move',
      `  - move:
      call: transfer:1.0.0@default
      with:
        from: { connection: files, path: in.ndjson }
        through: [{ map: '{ id: (.id + 1) }' }]
        to: [{ connection: files, path: out.ndjson }]
`,
    ),
  })
})
afterEach(async () => {
  serving?.process.kill('SIGKILL')
  await serving?.done
  serving = undefined
  folder.remove()
})

test('sluse run moves records and prints the counts', async () => {
  const { code, out } = await folder.run('run', 'pipelines/move.yaml')
  expect(JSON.parse(out)).toMatchObject({
    read: 2,
    records: 1,
    deadLetters: 1,
    targets: { files: { delivered: 1 } },
  })
  expect(code).toBe(0)
})

test('sluse connections lists and checks without a server', async () => {
  expect((await folder.run('connections', 'list')).out).toContain('bindings.localstorage')
  const good = await folder.run('connections', 'check', 'files')
  expect(good.out).toMatch(/files\s+works/)
  expect(good.code).toBe(0)
  const bad = await folder.run('connections', 'check', 'files', 'none', '--output', 'json')
  expect(JSON.parse(bad.out)).toMatchObject({
    connections: [{ works: true }, { name: 'none', works: false }],
  })
  expect(bad.code).toBe(1)
})

test('sluse transfers, datasets and deadletters speak to the server', async () => {
  serving = folder.start(['serve', '--port', '0', '--output', 'json'])
  const [, url = ''] = await serving.until(/"url": "(http:[^"]+)"/)
  const ask = async (...words: string[]) => folder.run(...words, '--server', url)
  const json = async (...words: string[]) =>
    JSON.parse((await ask(...words, '--output', 'json')).out) as never
  await fetch(`${url}/api/v1/pipelines/test/move/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  const list = () =>
    json('transfers', 'list') as unknown as { transfers: { id: string; status: string; dataset: string }[] }
  await expect.poll(async () => (await list()).transfers[0]?.status, { timeout: 20_000 }).toBe('completed')
  const [transfer] = (await list()).transfers
  expect((await ask('transfers', 'show', transfer?.id ?? '')).out).toContain('1 delivered')
  expect((await ask('transfers', 'watch', transfer?.id ?? '')).code).toBe(0)
  expect((await ask('datasets', 'preview', transfer?.dataset ?? '')).out).toBe('{"id":2}\n')

  expect((await ask('datasets', 'erase')).code).toBe(2)
  const erased = await ask('datasets', 'erase', '--person', 'person.txt')
  expect(erased.out).toBe('0 records and 0 dead letters erased, of 0 datasets\n')

  expect((await ask('deadletters', 'list')).out).toContain('in.ndjson:2')
  expect((await ask('deadletters', 'show', '1')).out).toContain('"two"')
  expect((await ask('deadletters', 'edit', '1', '--record', '{"id":2}')).code).toBe(0)
  expect((await ask('deadletters', 'replay')).code).toBe(2)
  expect((await ask('deadletters', 'replay', '1')).out).toContain('1 under way again')
  await expect
    .poll(async () => (await ask('deadletters', 'list', '--status', 'replayed')).out, { timeout: 20_000 })
    .toContain('in.ndjson:2')
})
