import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '../database/index.ts'
import { openRunLogs } from './index.ts'

let folder: string
let database: Database
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-logs-'))
  database = await openDatabase({ folder })
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true })
})

const time = Date.parse('2026-11-25T12:00:00Z')

test('a line that names a run is kept with it, in order, and others are not', async () => {
  const logs = openRunLogs(database, () => time)
  logs.take('info', 'one', { run: 'a', function: 'greet' })
  logs.take('warn', 'two', { run: 'a' })
  logs.take('info', 'of another', { run: 'b' })
  logs.take('info', 'of nobody', {})
  logs.take('info', 'of a number', { run: 7 })
  await logs.close()
  expect(await logs.read('a')).toEqual({
    lines: [
      {
        seq: time * 1000,
        at: '2026-11-25T12:00:00.000Z',
        level: 'info',
        message: 'one',
        data: { function: 'greet' },
      },
      { seq: time * 1000 + 1, at: '2026-11-25T12:00:00.000Z', level: 'warn', message: 'two', data: {} },
    ],
    more: false,
  })
})

test('pages go on after the last line that one has', async () => {
  const logs = openRunLogs(database, () => time)
  for (let n = 0; n < 5; n++) logs.take('info', `line ${n}`, { run: 'paged' })
  await logs.close()
  const first = await logs.read('paged', { limit: 3 })
  expect([first.lines.length, first.more]).toEqual([3, true])
  const rest = await logs.read('paged', { after: first.lines.at(-1)?.seq ?? 0, limit: 3 })
  expect([rest.lines.map(({ message }) => message), rest.more]).toEqual([['line 3', 'line 4'], false])
})

test('what a terminal would obey is taken out', async () => {
  const logs = openRunLogs(database, () => time)
  logs.take('error', '\u001b[31mred\u001b[0m\u0007 <b>æøå</b>', { run: 'colours' })
  await logs.close()
  expect((await logs.read('colours')).lines[0]?.message).toBe('red  <b>æøå</b>')
})

test('a run that says too much is cut off once, and told so; also when the server has started anew', async () => {
  const say = async (count: number) => {
    const logs = openRunLogs(database, () => time)
    for (let n = 0; n < count; n++) logs.take('info', 'x'.repeat(4000), { run: 'talks' })
    await logs.close()
    return (await logs.read('talks', { limit: 1000 })).lines
  }
  const lines = await say(600)
  expect(lines.length).toBeLessThan(510)
  expect(lines.at(-1)?.message).toContain('more than is kept')
  expect(await say(10)).toEqual(lines)
})
