import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { definition, openFolder, type Running } from './testing/command.ts'

let folder: ReturnType<typeof openFolder>
let running: Running | undefined
beforeEach(() => {
  folder = openFolder({ 'pipelines/quick.yaml': definition('quick', '  - a: { set: { x: 1 } }') })
})
afterEach(async () => {
  running?.process.kill('SIGKILL')
  await running?.done
  running = undefined
  folder.remove()
})

const serve = async (...words: string[]) => {
  running = folder.start(['serve', '--port', '0', '--output', 'json', ...words])
  const [, url = ''] = await running.until(/"url": "(http:[^"]+)"/)
  return url
}
const as = async (token: string, words: string[]) => folder.start(words, { SLUSE_TOKEN: token }).done

test('the first key is made while nothing runs; with it the others are made, used and taken away', async () => {
  const first = await folder.run(
    'keys',
    'create',
    'admin',
    '--offline',
    '--role',
    'administrator',
    '--output',
    'json',
  )
  const { secret } = JSON.parse(first.out) as { secret: string }
  expect(secret).toMatch(/^sluse_/)
  const url = await serve('--auth', 'keys')
  const to = ['--server', url]
  const nobody = await folder.run('keys', 'list', ...to)
  expect(nobody).toMatchObject({ code: 1 })
  expect(nobody.err).toContain('SLUSE-UNAUTHENTICATED')

  const refused = await as(secret, ['keys', 'create', 'x', '--role', 'approver', ...to])
  expect(refused.err).toContain('SLUSE-KEY')
  const made = await as(secret, [
    'keys',
    'create',
    'deputy',
    '--role',
    'administrator@test',
    '--days',
    '7',
    ...to,
  ])
  expect(made.err).toContain('cannot be seen again')
  const deputy = made.out.trim()
  expect((await as(deputy, ['runs', 'list', ...to])).code).toBe(0)
  const listed = await as(secret, ['keys', 'list', ...to])
  expect(listed.out).toContain('deputy')
  expect(listed.out).not.toContain(deputy)
  const id = deputy.split('_')[1] ?? ''
  expect((await as(secret, ['keys', 'revoke', id, ...to])).out).toContain('revoked')
  expect((await as(deputy, ['runs', 'list', ...to])).err).toContain('SLUSE-UNAUTHENTICATED')
}, 60_000)

test('the audit log is listed, exported and verified, here and from a file, and tampering is named', async () => {
  const url = await serve()
  const to = ['--server', url]
  for (let at = 0; at < 3; at++) await fetch(`${url}/api/v1/pipelines/test/quick/runs`, { method: 'POST' })
  expect((await folder.run('audit', 'list', ...to)).out).toContain('runs.start')
  const verified = await folder.run('audit', 'verify', ...to)
  expect(verified.code).toBe(0)
  expect(verified.out).toContain('as they were written')
  const anchor = /is (\d+) ([0-9a-f]{64})/.exec(verified.out)
  folder.write('anchors.ndjson', `${JSON.stringify({ number: Number(anchor?.[1]), hash: anchor?.[2] })}\n`)

  const exported = await folder.run('audit', 'export', ...to)
  const lines = exported.out.trim().split('\n')
  folder.write('audit.ndjson', exported.out)
  expect(
    (await folder.run('audit', 'verify', '--file', 'audit.ndjson', '--anchors', 'anchors.ndjson')).code,
  ).toBe(0)
  expect((await folder.run('audit', 'export', '--format', 'csv', ...to)).out).toMatch(/^number,at,subject/)

  const forged = lines.map((line, index) => (index === 1 ? line.replace('"local"', '"somebody"') : line))
  folder.write('forged.ndjson', `${forged.join('\n')}\n`)
  const found = await folder.run('audit', 'verify', '--file', 'forged.ndjson')
  expect(found.code).toBe(1)
  expect(found.out).toContain('entry 2: It was changed')
  const cut = readFileSync(join(folder.folder, 'audit.ndjson'), 'utf8').split('\n').slice(0, 2)
  writeFileSync(join(folder.folder, 'cut.ndjson'), cut.join('\n'))
  const short = await folder.run('audit', 'verify', '--file', 'cut.ndjson', '--anchors', 'anchors.ndjson')
  expect(short.out).toMatch(/entry 3: (?:It is|Entries 3 to \d+ are) missing/)
  expect((await folder.run('audit', 'verify', '--file', 'none.ndjson')).code).toBe(2)
}, 60_000)
