import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { definition, openFolder } from './testing/command.ts'

let folder: ReturnType<typeof openFolder>
beforeEach(() => {
  folder = openFolder()
})
afterEach(() => folder.remove())

describe('sluse init', () => {
  test('makes a project that is valid and whose tests pass', async () => {
    expect((await folder.run('init', 'mine')).code).toBe(0)
    expect((await folder.run('validate', 'mine')).code).toBe(0)
    const tests = await folder.run('test', '--project', 'mine', '--output', 'json')
    expect(tests.code).toBe(0)
    expect(JSON.parse(tests.out)).toMatchObject({ passed: 2, failed: 0 })
  })

  test('writes over nothing', async () => {
    folder.write('mine/letter.txt', 'dear')
    expect((await folder.run('init', 'mine')).code).toBe(2)
  })
})

describe('sluse validate', () => {
  test('tells all findings of a project, and gives them as JSON', async () => {
    folder.write('pipelines/a.yaml', definition('a', '  - a: { sit: 1 }'))
    folder.write('pipelines/b.yaml', 'x: [')
    const human = await folder.run('validate')
    expect({ code: human.code, out: human.out }).toEqual({ code: 2, out: '' })
    expect(human.err).toMatch(/^pipelines\/a\.yaml:3:\d+ {2}error/m)
    expect(human.err).toMatch(/^pipelines\/b\.yaml:1:\d+ {2}error/m)
    const json = await folder.run('validate', '--output', 'json')
    expect(json.code).toBe(2)
    const { valid, findings } = JSON.parse(json.out) as { valid: boolean; findings: { file: string }[] }
    expect({ valid, files: new Set(findings.map(({ file }) => file)) }).toEqual({
      valid: false,
      files: new Set(['pipelines/a.yaml', 'pipelines/b.yaml']),
    })
  })

  test('takes single files, and says what is not there', async () => {
    folder.write('one.yaml', definition('one', '  - a: { set: { x: 1 } }'))
    expect((await folder.run('validate', 'one.yaml')).code).toBe(0)
    expect((await folder.run('validate', 'two.yaml')).code).toBe(2)
  })

  test('refuses what this installation cannot carry out, naming it', async () => {
    folder.write(
      'one.yaml',
      definition(
        'one',
        '  - a: { call: asyncapi, with: { document: { endpoint: https://test.dk/a.json }, operation: b, protocol: kafka, message: { payload: {} } } }',
      ),
    )
    const { code, err } = await folder.run('validate', 'one.yaml')
    expect(code).toBe(2)
    expect(err).toContain('kafka')
  })
})

describe('sluse graph', () => {
  test('prints Mermaid', async () => {
    folder.write('one.yaml', definition('one', '  - first: { set: { x: 1 } }'))
    const { code, out } = await folder.run('graph', 'one.yaml')
    expect(code).toBe(0)
    expect(out).toMatch(/^flowchart/)
    expect(out).toContain('first')
  })
})

describe('sluse test', () => {
  const pipeline = definition(
    'order',
    `  - rest: { wait: { days: 365 } }
  - ask:
      try:
        - askRegister:
            call: http
            with: { method: get, endpoint: 'https://register.dk/associations', query: { cvr: '\${ .cvr }' } }
      catch:
        errors: { with: { status: 503 } }
        retry: { delay: { minutes: 5 }, limit: { attempt: { count: 3 } } }
  - hear: { listen: { to: { one: { with: { type: dk.test.approved } } } } }
  - tell: { emit: { event: { with: { source: /test, type: dk.test.told, data: '\${ . }' } } } }`,
  )

  const suite = (expected: string) => `tests:
  - name: retried until the register answers
    input: { cvr: '12345678' }
    mocks:
      - { http: { method: get, url: 'https://register.dk/associations' }, respond: { status: 503 }, times: 2 }
      - { task: askRegister, output: { name: Boldklubben } }
    events:
      - { type: dk.test.approved, data: ja }
    expect:
      emitted: [{ type: dk.test.told, data: [${expected}] }]
      order: [rest, askRegister, hear, tell]
      calls:
        - { http: { method: GET, url: 'https://register.dk/associations?cvr=12345678' } }
        - { kind: http }
        - { kind: http }
`

  test('plays a year and its retries at once, with the world answered by mocks', async () => {
    folder.write('pipelines/order.yaml', pipeline)
    folder.write('pipelines/order.test.yaml', suite('ja'))
    const { code, out, err } = await folder.run('test', '--junit', 'junit.xml')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('ok    retried until the register answers')
    expect(readFileSync(join(folder.folder, 'junit.xml'), 'utf8')).toContain(
      '<testsuite name="pipelines/order.test.yaml" tests="1" failures="0"',
    )
  })

  test('says what was not as expected, and exits with 1', async () => {
    folder.write('pipelines/order.yaml', pipeline)
    folder.write('pipelines/order.test.yaml', suite('nej'))
    const { code, out } = await folder.run('test', 'pipelines', '--output', 'json')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      passed: 0,
      failed: 1,
      files: [
        {
          file: 'pipelines/order.test.yaml',
          cases: [{ failures: ['emitted[0].data[0] is "ja", expected "nej"'] }],
        },
      ],
    })
  })

  test('calls nobody who has no mock, even where the pipeline would catch it', async () => {
    folder.write(
      'pipelines/call.yaml',
      definition(
        'call',
        "  - a: { try: [{ b: { call: http, with: { method: get, endpoint: 'http://127.0.0.1:9/x' } } }], catch: {} }",
      ),
    )
    folder.write('pipelines/call.test.yaml', 'tests: [{ name: catches all }]')
    const { code, out } = await folder.run('test')
    expect(code).toBe(1)
    expect(out).toContain('No mock answers')
    expect(out).toContain('GET http://127.0.0.1:9/x')
  })

  test('ends what waits for ever', async () => {
    folder.write(
      'pipelines/hear.yaml',
      definition('hear', '  - hear: { listen: { to: { one: { with: { type: dk.test.never } } } } }'),
    )
    folder.write('pipelines/hear.test.yaml', 'tests: [{ name: hears }]')
    const { code, out } = await folder.run('test')
    expect(code).toBe(1)
    expect(out).toContain('It never ends')
  })

  test('refuses a test file that is not valid, with its line', async () => {
    folder.write('pipelines/x.test.yaml', 'tests:\n  - name: x\n    inptu: 1\n')
    const { code, err } = await folder.run('test')
    expect(code).toBe(2)
    expect(err).toMatch(/x\.test\.yaml:[23]:\d+/)
  })
})

describe('sluse doctor', () => {
  test('names what is missing', async () => {
    folder.write(
      'pipelines/a.yaml',
      definition('a', '  - a: { set: { x: "${ $secrets.gone }" } }', 'use: { secrets: [gone] }\n'),
    )
    const { code, out } = await folder.run('doctor', '--output', 'json', '--server', 'http://127.0.0.1:9')
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string; message: string }[] }
    expect(code).toBe(0)
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'node good',
      'data good',
      'records good',
      'datasets good',
      'engine good',
      'project good',
      'secrets note',
      'server note',
    ])
    expect(out).toContain('gone')
    mkdirSync(join(folder.folder, 'x'))
    folder.write('pipelines/b.yaml', 'x: [')
    expect((await folder.run('doctor')).code).toBe(1)
  })
})
