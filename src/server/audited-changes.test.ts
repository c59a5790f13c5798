import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

const waiting = (
  version: string,
) => `document: { dsl: '1.0.3', namespace: test, name: wait, version: '${version}' }
do:
  - go: { listen: { to: { one: { with: { type: go.on } } } } }
`
const files = { 'pipelines/wait.yaml': waiting('1.0.0') }

let server: TestServer
beforeAll(async () => (server = await openServer(files, { flags: { auth: 'local' } })))
afterAll(() => server.close())

const post = (path: string, json?: object) => server.call('POST', `/api/v1${path}`, json && { json })
const start = async () => (await post('/pipelines/test/wait/runs')).json.id as string
const told = async (resource: string) => {
  const { entries } = await server.app.audit.list({ resource })
  return entries
    .reverse()
    .map(({ action, outcome, details }) => ({ action, outcome, ...(details as object) }))
}

describe('a change of a run and its entry are one transaction:', () => {
  test.each(['suspend', 'resume', 'cancel', 'rerun'] as const)('%s', async (change) => {
    const run = await start()
    if (change === 'resume') await post(`/runs/${run}/suspend`)
    const commits = vi.spyOn(server.app.database, 'commit')
    const { status } = await post(`/runs/${run}/${change}`, change === 'rerun' ? {} : undefined)
    expect([200, 201]).toContain(status)
    const both = commits.mock.calls.filter(
      ([statements]) =>
        statements.some(({ sql }) => sql.includes('INTO journal')) &&
        statements.some(({ parameters }) => parameters?.includes('runs.control')),
    )
    commits.mockRestore()
    expect(both).toHaveLength(1)
    expect((await told(`run/${run}`)).at(-1)).toMatchObject({
      action: 'runs.control',
      outcome: 'done',
      change,
    })
    expect((await told(`run/${run}`)).filter(({ outcome }) => outcome === 'allowed')).toEqual([])
  })

  test('of many at once, each for itself, and what cannot be done is told as failed', async () => {
    const [one, two] = [await start(), await start()]
    await post(`/runs/${two}/cancel`)
    await server.app.engine.outcome(two)
    await post('/runs/bulk', { action: 'cancel', ids: [one, two] })
    expect((await told(`run/${one}`)).at(-1)).toMatchObject({ outcome: 'done', change: 'cancel' })
    expect((await told(`run/${two}`)).at(-1)).toMatchObject({
      outcome: 'failed',
      change: 'cancel',
      code: 'SLUSE-RUN-ENDED',
    })
  })
})

test('an engine that cannot is told of before and after: what was intended, and how it went', async () => {
  const { engine } = server.app
  const real = { ...engine }
  Object.assign(engine, {
    recordsAtOnce: false,
    start: ({ record: _record, ...request }: Parameters<typeof engine.start>[0]) => real.start(request),
    cancel: (id: string, by?: string) => real.cancel(id, by),
  })
  try {
    const run = await start()
    await post(`/runs/${run}/cancel`)
    await real.outcome(run)
    await post(`/runs/${run}/cancel`)
    expect(await told('pipeline/test/wait')).toContainEqual({ action: 'runs.start', outcome: 'allowed' })
    const control = { action: 'runs.control', change: 'cancel' }
    expect(await told(`run/${run}`)).toEqual([
      { action: 'runs.start', outcome: 'done' },
      { ...control, outcome: 'allowed' },
      { ...control, outcome: 'done' },
      { ...control, outcome: 'allowed' },
      { ...control, outcome: 'failed', code: 'SLUSE-RUN-ENDED' },
    ])
  } finally {
    Object.assign(engine, real)
  }
})

test('each text of a pipeline that is deployed, or taken away, is told, with its digest', async () => {
  writeFileSync(join(server.project, 'pipelines/wait.yaml'), waiting('1.1.0'))
  await server.app.pipelines.reload()
  await server.app.pipelines.reload()
  const entries = (await told('pipeline/test/wait')).filter(({ action }) => action === 'pipelines.deploy')
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string
  expect(entries).toMatchObject([
    { version: '1.0.0', sha256 },
    { version: '1.1.0', sha256 },
    { version: '1.0.0', removed: true },
  ])
})
