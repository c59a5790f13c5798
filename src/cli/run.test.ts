import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CloudEvent } from '../workflow/index.ts'
import { definition, openFolder } from './testing/command.ts'

const files = {
  'good.yaml': definition('good', '  - greet: { set: { text: \'${ "Goddag, " + .name }\' } }'),
  'hold.yaml': definition('hold', '  - hold: { wait: { hours: 1 } }'),
  'fall.yaml': definition(
    'fall',
    '  - fall:\n      raise: { error: { type: https://test.dk/fell, status: 418, title: Fell } }',
  ),
  'bad.yaml': definition('bad', '  - a: { sit: 1 }\n  - b: { set: { x: "${ .x | }" } }'),
  'parent.yaml': definition(
    'parent',
    "  - child: { run: { workflow: { namespace: test, name: good, version: '1.0.0', input: { name: B } } } }",
  ),
  'listen.yaml': definition(
    'listen',
    '  - one: { listen: { to: { one: { with: { type: test.go } } } } }\n' +
      '  - two: { listen: { to: { one: { with: { type: test.go } } } } }\n' +
      '  - tell: { emit: { event: { with: { source: /test, type: test.told, data: "${ . }" } } } }',
  ),
  'secret.yaml': definition(
    'secret',
    '  - use: { set: { token: "${ $secrets.token }" } }',
    'use: { secrets: [token] }\n',
  ),
  'scheduled.yaml': definition(
    'scheduled',
    '  - a: { set: { x: "${ . }" } }',
    'schedule: { every: { seconds: 1 } }\n',
  ),
  'input.json': '{"name":"Fil"}',
  'secrets.json': '{"token":"hunter2-hunter2"}',
  'sub/pipelines/named.yaml': definition(
    'named',
    "  - child: { run: { workflow: { namespace: test, name: other, version: '1.0.0' } } }",
  ),
  'sub/pipelines/other.yaml': definition('other', '  - a: { set: { of: project } }'),
}

let folder: ReturnType<typeof openFolder>
beforeAll(() => {
  folder = openFolder(files)
})
afterAll(() => folder.remove())

const lines = (file: string) =>
  readFileSync(join(folder.folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CloudEvent)

describe('sluse run', () => {
  test('prints the output alone, and leaves nothing behind', async () => {
    const before = readdirSync(folder.folder)
    const { code, out, err } = await folder.run('run', 'good.yaml', '--input', '{"name":"Åse"}')
    expect({ code, out: JSON.parse(out) as unknown, err }).toEqual({
      code: 0,
      out: { text: 'Goddag, Åse' },
      err: '',
    })
    expect(readdirSync(folder.folder)).toEqual(before)
  })

  test('takes its input from a file or from standard input', async () => {
    expect((await folder.run('run', 'good.yaml', '--input', '@input.json')).out).toContain('Goddag, Fil')
    const piped = await folder.start(['run', 'good.yaml', '-i', '-'], {}, '{"name":"Rør"}').done
    expect(piped.out).toContain('Goddag, Rør')
  })

  test('prints the problem details of a fault, and where it was', async () => {
    const { code, out, err } = await folder.run('run', 'fall.yaml')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      type: 'https://test.dk/fell',
      status: 418,
      instance: '/do/0/fall',
    })
    expect(err).toMatch(/^fall\.yaml:3:\d+ {2}error {2}Fell/)
  })

  test('tells all findings on a definition, and runs nothing', async () => {
    const { code, out, err } = await folder.run('run', 'bad.yaml')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/bad\.yaml:3:\d+ {2}error/)
    expect(err).toMatch(/bad\.yaml:4:\d+ {2}error/)
    expect(err).toMatch(/\n +\^\n/)
    expect(err).not.toContain('\x1b')
    const json = await folder.run('run', 'bad.yaml', '--output', 'json')
    expect(json.code).toBe(2)
    expect(JSON.parse(json.out)).toMatchObject({
      code: 'SLUSE-DEFINITION-INVALID',
      findings: [{ line: 3 }, { line: 4 }],
    })
  })

  test.each([
    ['an option that there is not', ['run', 'good.yaml', '--no-such']],
    ['a file that there is not', ['run', 'none.yaml']],
    ['nothing to run', ['run']],
    ['input that is not JSON', ['run', 'good.yaml', '--input', '{']],
    ['an input file that there is not', ['run', 'good.yaml', '--input', '@none.json']],
    ['secrets that are not there', ['run', 'good.yaml', '--secrets', 'none.json']],
    ['events that are none', ['run', 'good.yaml', '--events', 'input.json']],
    ['a record that cannot be written', ['run', 'hold.yaml', '--emitted', 'none/emitted.ndjson']],
    ['a setting that is not valid', ['run', 'good.yaml', '--http-timeout', 'soon']],
    ['a verb that there is not', ['fly']],
    ['no verb', []],
  ])('refuses %s', async (_what, words) => {
    const { code, out, err } = await folder.run(...words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).not.toBe('')
    expect(err).not.toMatch(/\n\s+at /)
  })

  test('is cancelled by Ctrl-C, and says so in its record', async () => {
    let asked = () => {}
    const begun = new Promise<void>((resolve) => (asked = resolve))
    const server = createServer(() => asked()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    folder.write(
      'hang.yaml',
      definition(
        'hang',
        `  - ask: { call: http, with: { method: get, endpoint: 'http://127.0.0.1:${port}/' } }`,
      ),
    )
    const running = folder.start(['run', 'hang.yaml', '--lifecycle', 'cancelled.ndjson'])
    await begun
    running.process.kill('SIGINT')
    const { code, out } = await running.done
    server.closeAllConnections()
    server.close()
    expect({ code, out }).toEqual({ code: 130, out: '' })
    expect(lines('cancelled.ndjson').at(-1)?.type).toContain('workflow.cancelled')
  })

  test('runs other workflows of --with and of the project, and none else', async () => {
    expect((await folder.run('run', 'parent.yaml', '--with', 'good.yaml')).out).toContain('Goddag, B')
    const alone = await folder.run('run', 'parent.yaml')
    expect(alone.code).toBe(1)
    expect(JSON.parse(alone.out)).toMatchObject({ instance: '/do/0/child' })
    const named = await folder.run('run', 'test/named', '--project', 'sub')
    expect(JSON.parse(named.out)).toEqual({ of: 'project' })
    expect((await folder.run('run', 'nobody', '--project', 'sub')).err).toContain('test/named')
  })

  test('publishes events as they are waited for, and writes what was emitted and what happened', async () => {
    const go = (id: string, data: string) =>
      JSON.stringify({ specversion: '1.0', id, source: '/s', type: 'test.go', data })
    folder.write('events.ndjson', `${go('1', 'first')}\n${go('2', 'second')}\n`)
    const { code, err } = await folder.run(
      ...[
        'run',
        'listen.yaml',
        '--events',
        'events.ndjson',
        '--emitted',
        'emitted.ndjson',
        '--lifecycle',
        'life.ndjson',
      ],
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(lines('emitted.ndjson')).toMatchObject([{ type: 'test.told', data: ['second'] }])
    const types = lines('life.ndjson').map(({ type }) => type)
    expect(types[0]).toContain('workflow.started')
    expect(types.at(-1)).toContain('workflow.completed')
  })

  test('gives secrets, and keeps them out of its records', async () => {
    const { code } = await folder.run(
      'run',
      'secret.yaml',
      '--secrets',
      'secrets.json',
      '--lifecycle',
      'secret.ndjson',
    )
    expect(code).toBe(0)
    expect(readFileSync(join(folder.folder, 'secret.ndjson'), 'utf8')).not.toContain('hunter2')
  })

  test('runs a scheduled definition once', async () => {
    const { code, out } = await folder.run('run', 'scheduled.yaml', '--input', '7')
    expect({ code, out: JSON.parse(out) as unknown }).toEqual({ code: 0, out: { x: 7 } })
  })

  test('keeps its data where it is told to', async () => {
    const { code } = await folder.run('run', 'good.yaml', '--input', '{"name":"x"}', '--data', 'kept')
    expect(code).toBe(0)
    expect(readdirSync(join(folder.folder, 'kept'))).toContain('sluse.db')
  })
})
