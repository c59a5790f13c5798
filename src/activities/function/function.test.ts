import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openInternet } from '../../../test/servers/internet/index.ts'
import { createHttpClient } from '../../http/index.ts'
import { faultOf, serve } from '../../http/testing/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { ActivityOptions } from '../activity.ts'
import { activityContext } from '../testing/index.ts'
import { functionActivity } from './index.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluse-function-'))
  put('project', 'greet', '1.0.0', 'set:\n  greeting: hello\n')
  put('shared', 'greet', '1.0.0', 'set:\n  greeting: from the shared catalog\n')
  put('project', 'broken', '1.0.0', 'set: [unclosed')
  put('project', 'notask', '1.0.0', 'something: else\n')
  put('project', 'bomb', '1.0.0', bomb())
})
afterAll(() => rmSync(root, { recursive: true }))

function put(place: string, name: string, version: string, text: string): void {
  const folder = join(root, place, 'functions', name, version)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'function.yaml'), text)
}

/** Aliases of aliases: a few lines that would be billions of values. */
function bomb(): string {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 10; i += 1) {
    const before = String.fromCharCode(96 + i)
    lines.push(
      `${String.fromCharCode(97 + i)}: &${String.fromCharCode(97 + i)} [${Array(9).fill(`*${before}`).join(', ')}]`,
    )
  }
  return `${lines.join('\n')}\nset:\n  x: *j\n`
}

const load = (input: Json, options: Partial<ActivityOptions> = {}, context = {}) =>
  functionActivity({ dataFolder: join(root, 'data'), projectFolder: join(root, 'project'), ...options }).run(
    input,
    activityContext(context),
  )
const cataloged = (name: string, catalog = 'default', version = '1.0.0') => ({ name, version, catalog })

test("the project's own functions are the default catalog", async () => {
  expect(await load(cataloged('greet'))).toEqual({ set: { greeting: 'hello' } })
})

test('a catalog that is configured as a folder is read there, the default one too', async () => {
  const shared = join(root, 'shared')
  const expected = { set: { greeting: 'from the shared catalog' } }
  expect(await load(cataloged('greet', 'shared'), { catalogs: { shared } })).toEqual(expected)
  expect(await load(cataloged('greet'), { catalogs: { default: shared } })).toEqual(expected)
})

test('a catalog that is configured as an address is read there', async () => {
  const server = await serve(({ path }, response) => {
    if (path !== '/base/functions/greet/1.0.0/function.yaml') response.statusCode = 404
    response.end('set: { from: web }')
  })
  const catalogs = { web: `${server.origin}/base/` }
  expect(await load(cataloged('greet', 'web'), { catalogs })).toEqual({ set: { from: 'web' } })
  expect((await faultOf(load(cataloged('other', 'web'), { catalogs }))).status).toBe(404)
  await server.close()
})

test('a catalog in a repository on GitHub is read as raw content', async () => {
  const internet = await openInternet({
    'raw.githubusercontent.com': ({ path }) => ({ body: `set: { path: ${JSON.stringify(path)} }` }),
  })
  const http = createHttpClient({ environment: internet.environment })
  const catalogs = { hub: 'https://github.com/serverlessworkflow/catalog/tree/main' }
  expect(await load(cataloged('log', 'hub'), { catalogs }, { http })).toEqual({
    set: { path: '/serverlessworkflow/catalog/refs/heads/main/functions/log/1.0.0/function.yaml' },
  })
  await http.close()
  await internet.close()
})

test('an address that the run computed is read with its credentials', async () => {
  const server = await serve(
    ({ headers }, response) => void response.end(`set: { auth: ${headers.authorization} }`),
  )
  const endpoint = { uri: `${server.origin}/f.yaml`, authentication: { bearer: { token: 'tok' } } }
  expect(await load({ ...cataloged('greet', 'mine'), endpoint })).toEqual({ set: { auth: 'Bearer tok' } })
  expect(await load({ endpoint: { uri: `${server.origin}/g.yaml` } })).toEqual({ set: { auth: 'undefined' } })
  await server.close()
})

test.each<[string, Json]>([
  ['a function that is not there', cataloged('none')],
  ['a version that is not there', cataloged('greet', 'default', '2.0.0')],
  ['a catalog that is not there', cataloged('greet', 'none')],
  ['a name that leads out', cataloged('../../project/functions/greet')],
  ['a version that leads out', cataloged('greet', 'default', '..')],
  ['text that is no YAML', cataloged('broken')],
  ['a document that is no task', cataloged('notask')],
  ['a document that blows up', cataloged('bomb')],
  ['nothing', {}],
])('%s is a configuration fault', async (_what, input) => {
  expect((await faultOf(load(input))).type).toMatch(/configuration$/)
})
