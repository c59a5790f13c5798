import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { definitionText, useHarness } from './harness.ts'

const runtime = 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime'

/** dsl-reference.md, "Run". */
describe('processes', () => {
  const { output, error, run } = useHarness({
    'code.example': ({ path }) => (path === '/hello.js' ? { body: 'console.log("from afar")' } : undefined),
  })
  const shell = (process: object, rest: object = {}) => [{ p: { run: { shell: process, ...rest } } }]
  const script = (process: object) => [{ p: { run: { script: process } } }]

  feature('run.shell', 'a command has arguments, environment and standard input', async () => {
    const process = {
      command: 'echo "$(cat) $1 $2 $NAME"',
      stdin: '${ .in }',
      arguments: ['one', '${ .arg }'],
      environment: { NAME: '${ .name }' },
    }
    const input = { in: 'stdin', arg: 'two', name: 'env' }
    expect(await output(shell(process), { input })).toBe('stdin one two env\n')
  })

  feature('run.shell', 'data in an argument is never run', async () => {
    const process = { command: 'printf %s "$1"', arguments: ['${ .x }'] }
    expect(await output(shell(process), { input: { x: '$(echo injected); `id`' } })).toBe(
      '$(echo injected); `id`',
    )
  })

  const noisy = { command: 'echo out; echo err >&2; exit 3' }
  const quiet = { command: 'echo out; echo err >&2' }
  for (const [kind, expected] of [
    ['stdout', 'out\n'],
    ['stderr', 'err\n'],
    ['code', 0],
    ['all', { code: 0, stdout: 'out\n', stderr: 'err\n' }],
    ['none', null],
  ] as const) {
    feature('run.return', `return: ${kind} gives ${JSON.stringify(expected)}`, async () => {
      expect(await output(shell(quiet, { return: kind }))).toEqual(expected)
    })
  }

  feature('run.exit-code', 'another code than 0 is an error, unless it is asked for', async () => {
    for (const kind of ['stdout', 'stderr', 'none']) {
      expect(await error(shell(noisy, { return: kind }))).toMatchObject({
        type: runtime,
        instance: '/do/0/p',
      })
    }
    expect(await output(shell(noisy, { return: 'code' }))).toBe(3)
    expect(await output(shell(noisy, { return: 'all' }))).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })

  feature('run.script.js', 'JavaScript has stdin, arguments and environment', async () => {
    const code = `
      import { readFileSync } from 'node:fs'
      const [, , first] = process.argv
      console.log([readFileSync(0, 'utf8'), first, process.env.NAME].join(' '))`
    const process = { code, stdin: 'in', arguments: ['${ .x }'], environment: { NAME: 'env' } }
    for (const language of ['js', 'javascript']) {
      expect(await output(script({ language, ...process }), { input: { x: 'arg' } })).toBe('in arg env\n')
    }
  })

  feature('run.script.python', 'Python has stdin, arguments and environment', async () => {
    const code = 'import os, sys\nprint(sys.stdin.read(), sys.argv[1], os.environ["NAME"])'
    const process = {
      language: 'python',
      code,
      stdin: 'in',
      arguments: ['arg'],
      environment: { NAME: 'env' },
    }
    expect(await output(script(process))).toBe('in arg env\n')
  })

  feature('run.script.source', 'code may lie elsewhere, or in the project', async () => {
    const from = (endpoint: string) => script({ language: 'js', source: { endpoint } })
    expect(await output(from('https://code.example/hello.js'))).toBe('from afar\n')
    const files = { 'scripts/hello.js': 'console.log("from here")' }
    expect(await output(from('file://scripts/hello.js'), { files })).toBe('from here\n')
  })

  feature('run.await', 'without await the input goes on at once', async () => {
    const task = { input: { from: '.x' }, run: { shell: { command: 'sleep 0.05' }, await: false } }
    expect(await output([{ task }], { input: { x: 'in' } })).toBe('in')
  })

  feature('run.container.no-engine', 'without a container engine the error says so', async () => {
    const ended = await run([{ p: { run: { container: { image: 'hello-world' } } } }])
    expect(ended.status).not.toBe('completed')
    expect(ended.error?.detail ?? ended.findings).toMatch(/container/i)
  })

  const other = (name: string, tasks: object[], version = '1.0.0', more: object = {}) =>
    definitionText({ ...more, do: tasks }, { name, version })
  const sub = (name: string, rest: object = {}) => [
    { p: { run: { workflow: { namespace: 'test', name, version: '1.0.0', ...rest } } } },
  ]

  feature(
    'run.workflow',
    'another definition runs with the given input, and its output is the task’s',
    async () => {
      const others = [other('sub-a', [{ a: { set: '${ .n + 1 }' } }])]
      expect(await output(sub('sub-a', { input: { n: '${ .x }' } }), { others, input: { x: 1 } })).toBe(2)
      expect(await output(sub('sub-a'), { others, input: { n: 5 } })).toBe(6)
    },
  )

  feature('run.workflow', 'its error rises', async () => {
    const raise = { raise: { error: { type: 'https://test.example/sub', status: 400 } } }
    expect(await error(sub('sub-b'), { others: [other('sub-b', [{ a: raise }])] })).toMatchObject({
      type: 'https://test.example/sub',
    })
  })

  feature('run.workflow', 'its own input schema holds', async () => {
    const schema = { input: { schema: { document: { type: 'number' } } } }
    const others = [other('sub-c', [{ a: { set: '${ . }' } }], '1.0.0', schema)]
    expect(await error(sub('sub-c'), { others, input: 'text' })).toMatchObject({
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/validation',
    })
  })

  feature('flow.end', 'end in a workflow that is run ends that one alone', async () => {
    const others = [other('sub-d', [{ a: { set: { a: 1 }, then: 'end' } }, { b: { set: { never: 1 } } }])]
    expect(await output([...sub('sub-d'), { after: { set: '${ [.] }' } }], { others })).toEqual([{ a: 1 }])
  })

  feature('run.workflow', 'one that does not exist is an error that names it', async () => {
    const ended = await run(sub('sub-none'))
    expect(ended.status).not.toBe('completed')
    expect(ended.error?.detail ?? ended.findings).toContain('sub-none')
  })

  feature('run.workflow.latest', 'latest is the highest version, not the last in text order', async () => {
    const others = ['1.9.0', '1.10.0', '1.2.0'].map((version) =>
      other('sub-e', [{ a: { set: `\${ "${version}" }` } }], version),
    )
    expect(await output(sub('sub-e', { version: 'latest' }), { others })).toBe('1.10.0')
  })

  feature('run.await', 'a workflow that is not waited for does not hold up', async () => {
    const others = [other('sub-f', [{ a: { wait: { hours: 1 } } }])]
    const task = { run: { workflow: { namespace: 'test', name: 'sub-f', version: '1.0.0' }, await: false } }
    expect(await output([{ task }], { others, input: { x: 1 } })).toEqual({ x: 1 })
  })
})
