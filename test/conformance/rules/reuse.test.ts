import { describe, expect } from 'vitest'
import { stringify } from 'yaml'
import { feature } from '../feature.ts'
import { started, useHarness } from './harness.ts'

const pass = { set: '${ . }' }
const double = stringify({
  input: { schema: { document: { type: 'number' } } },
  set: '${ . * 2 }',
})

/** dsl-reference.md, "Use", "Catalog", "Extension". */
describe('reusable parts', () => {
  const { run, output, error, requests } = useHarness({
    'api.example': ({ headers }) => ({ body: headers['authorization'] ?? null }),
    'catalog.example': ({ path }) =>
      path === '/functions/double/1.0.0/function.yaml' ? { body: double } : undefined,
    'raw.githubusercontent.com': ({ path }) =>
      path === '/org/cat/refs/heads/main/functions/double/1.0.0/function.yaml' ||
      path === '/org/cat/main/functions/double/1.0.0/function.yaml'
        ? { body: double }
        : undefined,
  })
  const forbidden = { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/authorization', status: 403 }

  feature('use.authentications', 'a policy is used by name', async () => {
    const workflow = {
      use: { authentications: { mine: { bearer: { token: '${ .token }' } } } },
      do: [
        {
          a: {
            call: 'http',
            with: {
              method: 'get',
              endpoint: { uri: 'https://api.example/', authentication: { use: 'mine' } },
            },
          },
        },
      ],
    }
    expect(await output(workflow, { input: { token: 't' } })).toBe('Bearer t')
  })

  feature('use.errors', 'a defined error is raised by name', async () => {
    const workflow = {
      use: { errors: { no: { type: 'https://test.example/no', status: 409, detail: '${ .why }' } } },
      do: [{ a: { raise: { error: 'no' } } }],
    }
    expect(await error(workflow, { input: { why: 'because' } })).toEqual({
      type: 'https://test.example/no',
      status: 409,
      detail: 'because',
      instance: '/do/0/a',
    })
  })

  feature('use.functions', 'a function may be a task of any type', async () => {
    const workflow = {
      use: {
        functions: {
          inc: { set: '${ . + 1 }' },
          twice: { do: [{ x: { call: 'inc' } }, { y: { call: 'inc' } }] },
        },
      },
      do: [{ a: { call: 'twice' } }],
    }
    expect(await output(workflow, { input: 1 })).toBe(3)
  })

  feature('function.input', 'with alone is its input; without, the task’s', async () => {
    const workflow = (call: object) => ({
      use: { functions: { f: pass } },
      do: [{ a: { call: 'f', ...call } }],
    })
    expect(await output(workflow({ with: { x: '${ .n }' } }), { input: { n: 1, m: 2 } })).toEqual({ x: 1 })
    expect(await output(workflow({}), { input: { n: 1 } })).toEqual({ n: 1 })
  })

  feature('function.input', 'input that its schema does not allow is refused', async () => {
    const f = { input: { schema: { document: { type: 'object', required: ['x'] } } }, ...pass }
    expect(
      await error({ use: { functions: { f } }, do: [{ a: { call: 'f', with: { y: 1 } } }] }),
    ).toMatchObject({
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/validation',
    })
  })

  feature('function.default-catalog', 'the functions folder of the project is a catalog', async () => {
    const files = { 'functions/double/1.0.0/function.yaml': double }
    expect(await output([{ a: { call: 'double:1.0.0@default' } }], { input: 4, files })).toBe(8)
  })

  feature('function.catalog', 'a catalog is found at its endpoint', async () => {
    const workflow = {
      use: { catalogs: { far: { endpoint: 'https://catalog.example/' } } },
      do: [{ a: { call: 'double:1.0.0@far' } }],
    }
    expect(await output(workflow, { input: 4 })).toBe(8)
    expect(await error({ ...workflow, do: [{ a: { call: 'none:1.0.0@far' } }] })).toMatchObject({
      instance: '/do/0/a',
    })
  })

  feature('function.url', 'a function is called by its address', async () => {
    const call = 'https://catalog.example/functions/double/1.0.0/function.yaml'
    expect(await output([{ a: { call } }], { input: 4 })).toBe(8)
  })

  feature('function.git-url', 'addresses of pages on GitHub lead to the raw file', async () => {
    const workflow = {
      use: { catalogs: { git: { endpoint: 'https://github.com/org/cat/tree/main' } } },
      do: [{ a: { call: 'double:1.0.0@git' } }],
    }
    expect(await output(workflow, { input: 4 })).toBe(8)
    expect(requests.every(({ host }) => host === 'raw.githubusercontent.com')).toBe(true)
  })

  feature('use.secrets.missing', 'a secret that does not exist is forbidden', async () => {
    const workflow = { use: { secrets: ['key'] }, do: [{ a: { set: { key: '${ $secrets.key }' } } }] }
    expect(await error(workflow)).toMatchObject(forbidden)
  })

  feature('use.secrets.missing', 'a secret that is not listed is forbidden, or refused at once', async () => {
    const ended = await run([{ a: { set: { key: '${ $secrets.key }' } } }], { secrets: { key: 'k' } })
    expect(ended.status === 'invalid' || ended.error?.status === 403, JSON.stringify(ended)).toBe(true)
  })

  feature('use.secrets.hidden', 'no lifecycle event has the value of a secret', async () => {
    const workflow = {
      use: { secrets: ['key'] },
      do: [
        { a: { set: { key: '${ $secrets.key }' } } },
        {
          b: {
            try: [
              { c: { raise: { error: { type: 'https://t.example/x', status: 400, detail: '${ .key }' } } } },
            ],
            catch: {},
          },
        },
      ],
    }
    const ended = await run(workflow, { secrets: { key: 'rosebud-4711' } })
    expect(ended.status).toBe('completed')
    expect(JSON.stringify(ended.lifecycle)).not.toContain('rosebud-4711')
  })

  const extending = (extension: object, tasks: object[]) => ({
    use: { extensions: [{ ext: extension }] },
    do: tasks,
  })
  const log = (text: string) => ({ set: { log: text }, export: { as: `($context // []) + ["${text}"]` } })
  const context = { last: { wait: { milliseconds: 1 }, output: { as: '{ data: ., log: $context }' } } }

  feature(
    ['extension.before-after', 'extension.data'],
    'before and after run around, and the data is not theirs',
    async () => {
      const extension = { extend: 'set', before: [{ b: log('before') }], after: [{ a: log('after') }] }
      const tasks = [{ t: { set: { own: '${ .x }' }, export: { as: '$context + ["task"]' } } }, context]
      expect(await output(extending(extension, tasks), { input: { x: 1 } })).toEqual({
        data: { own: 1 },
        log: ['before', 'task', 'after'],
      })
    },
  )

  feature('extension.all', 'all extends each task, but none of an extension', async () => {
    const extension = { extend: 'all', before: [{ b: log('before') }] }
    const tasks = [{ t: { do: [{ u: { set: { a: 1 } } }] } }, { w: { wait: { milliseconds: 1 } } }]
    const ended = await run({ ...extending(extension, tasks), output: { as: '$context' } })
    expect(ended.output).toEqual(['before', 'before', 'before'])
    expect(started(ended).filter((name) => name === 'b')).toHaveLength(3)
  })

  feature('extension.when', 'when sees the task that is extended', async () => {
    const extension = { extend: 'set', when: '$task.name == "two"', before: [{ b: log('before') }] }
    const tasks = [{ one: { set: { a: 1 } } }, { two: { set: { a: 2 } } }, context]
    expect(await output(extending(extension, tasks))).toEqual({ data: { a: 2 }, log: ['before'] })
  })

  feature('extension.when', '$task.definition is that of the extended task', async () => {
    const extension = { extend: 'set', when: '$task.definition.set.a == 2', before: [{ b: log('before') }] }
    const tasks = [{ one: { set: { a: 1 } } }, { two: { set: { a: 2 } } }, context]
    expect(await output(extending(extension, tasks))).toMatchObject({ log: ['before'] })
  })

  feature(
    'extension.when',
    'when has the task’s own properties, and does not hold where it fails',
    async () => {
      const when = '$task.with.endpoint | startswith("https://mocked.")'
      const before = [{ mock: { set: { mocked: true }, then: 'exit' } }]
      const call = (endpoint: unknown) => ({ call: { call: 'http', with: { method: 'get', endpoint } } })
      const run = (endpoint: unknown) => output(extending({ extend: 'call', when, before }, [call(endpoint)]))
      expect(await run('https://mocked.example/')).toEqual({ mocked: true })
      expect(await run('https://api.example/')).toBeNull()
      expect(await run({ uri: 'https://api.example/' })).toBeNull()
    },
  )

  feature('extension.exit', 'exit in before puts its output in the task’s place', async () => {
    const extension = { extend: 'call', before: [{ mock: { set: { mocked: true }, then: 'exit' } }] }
    const call = { call: 'http', with: { method: 'get', endpoint: 'https://api.example/' } }
    expect(await output(extending(extension, [{ call }]))).toEqual({ mocked: true })
    expect(requests).toEqual([])
  })

  feature('extension.order', 'before runs as declared, after in reverse', async () => {
    const extension = (name: string) => ({
      [name]: { extend: 'set', before: [{ b: log(`${name}+`) }], after: [{ a: log(`${name}-`) }] },
    })
    const workflow = {
      use: { extensions: [extension('one'), extension('two')] },
      do: [{ t: { set: { a: 1 } } }, context],
    }
    expect(await output(workflow)).toMatchObject({ log: ['one+', 'two+', 'two-', 'one-'] })
  })
})
