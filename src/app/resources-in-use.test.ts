import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApp, readSettings, type App } from '../index.ts'

let folder: string
let app: App
const logged: { level: string; message: string; data: unknown }[] = []

const put = (file: string, text: string) => {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}
const policy = (name: string, more = '') => `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: finance }
spec:
  policies: { retries: { ${name}: { maxRetries: 5 } } }
  targets: { apps: { finance: { retry: ${name} } } }
${more}`
const endpoint = (limit: string) => `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: finance, annotations: { sluse/max-concurrent: '${limit}' } }
spec: { baseUrl: 'http://finance.test' }
`
const inForce = () => {
  const target = app.guard.find('finance')
  return [target?.policies.retry, target?.limits.concurrency]
}
const audited = async () =>
  (await app.audit.list({ action: 'policies.load' })).entries.map(({ who, details }) => [
    who.subject,
    details,
  ])

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-resources-'))
  put('policies/finance.yaml', policy('first'))
  put('connections/finance.yaml', endpoint('1'))
  const { settings } = await readSettings({
    flags: { project: folder, data: join(folder, '.sluse') },
    environment: {},
  })
  const log = (level: string, message: string, data: unknown) => logged.push({ level, message, data })
  app = await openApp({ settings, log })
  await app.pipelines.reload()
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true, force: true })
})

test('policies and limits that were changed hold once the project is read anew, and that is audited', async () => {
  expect([inForce(), await audited()]).toEqual([['first', 1], []])
  put('policies/finance.yaml', policy('second'))
  put('connections/finance.yaml', endpoint('9'))
  await app.pipelines.reload({ who: { subject: 'anna' } })
  expect(inForce()).toEqual(['second', 9])
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string
  expect(await audited()).toEqual([
    ['anna', { files: { 'policies/finance.yaml': sha256, 'connections/finance.yaml': sha256 } }],
  ])
})

test.each([
  ['no YAML', '{'],
  ['a policy that is not there', policy('third').replace('retry: third', 'retry: other')],
  ['a key that is not known', policy('third').replace('targets:', 'tragets: {}\n  targets:')],
])('a file with %s leaves what it said before, and it is told why', async (_what, text) => {
  put('policies/finance.yaml', text)
  const { findings } = await app.pipelines.reload()
  expect(findings).toContainEqual(
    expect.objectContaining({ file: 'policies/finance.yaml', severity: 'error' }),
  )
  expect([inForce(), (await audited()).length]).toEqual([['second', 9], 1])
  expect(logged.at(-1)).toMatchObject({
    level: 'warn',
    message: expect.stringContaining('still holds'),
    data: { file: 'policies/finance.yaml', why: expect.any(String) },
  })
})

test('a connection whose file is broken is still there', async () => {
  put('connections/finance.yaml', endpoint('no number'))
  await app.pipelines.reload()
  expect(inForce()[1]).toBe(9)
  put('connections/finance.yaml', endpoint('2'))
  await app.pipelines.reload()
  expect(inForce()[1]).toBe(2)
})

test('without its file a policy holds no longer', async () => {
  rmSync(join(folder, 'policies/finance.yaml'))
  await app.pipelines.reload()
  expect(inForce()[0]).toBe('built-in')
})
