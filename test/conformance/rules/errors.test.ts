import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { started, useHarness } from './harness.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
const boom = {
  raise: { error: { type: 'https://test.example/boom', status: 418, title: 'Boom', detail: 'why' } },
}
const pass = { set: '${ . }' }

/** dsl.md, "Fault Tolerance"; dsl-reference.md, "Error", "Raise", "Try". */
describe('errors', () => {
  const { run, output, error } = useHarness({
    'api.example': ({ path }) => ({ status: Number(path.slice(1)) || 200, body: { message: 'as asked' } }),
  })
  const call = (path: string) => ({
    call: 'http',
    with: { method: 'get', endpoint: `https://api.example${path}` },
  })
  const tried = (task: object, handler: object) => [{ t: { try: [{ task }], catch: handler } }]

  feature(['error.problem', 'raise.inline'], 'an error is problem details and nothing else', async () => {
    expect(await error([{ a: boom }])).toEqual({
      type: 'https://test.example/boom',
      status: 418,
      title: 'Boom',
      detail: 'why',
      instance: '/do/0/a',
    })
  })

  for (const [where, tasks, instance] of [
    ['do', [{ a: pass }, { b: { do: [{ c: boom }] } }], '/do/1/b/do/0/c'],
    ['for', [{ a: { for: { in: '[1]' }, do: [{ c: boom }] } }], '/do/0/a/do/0/c'],
    ['try', [{ a: { try: [{ c: boom }], catch: { errors: { with: { status: 1 } } } } }], '/do/0/a/try/0/c'],
    ['catch', [{ a: { try: [{ c: boom }], catch: { do: [{ d: boom }] } } }], '/do/0/a/catch/do/0/d'],
    ['fork', [{ a: { fork: { branches: [{ b: boom }] } } }], '/do/0/a/fork/branches/0/b'],
    ['a name that needs escaping', [{ 'a/b~c': boom }], '/do/0/a~1b~0c'],
  ] as [string, object[], string][]) {
    feature('error.pointer', `in ${where} the pointer is ${instance}`, async () => {
      expect(await error(tasks)).toMatchObject({ instance })
    })
  }

  feature('error.pointer', 'in foreach the pointer leads into its tasks', async () => {
    const task = {
      listen: { to: { any: [] } },
      foreach: { do: [{ c: boom }] },
    }
    const event = { specversion: '1.0' as const, id: '1', source: 's', type: 't' }
    expect(await error([{ a: task }], { events: [event] })).toMatchObject({
      instance: '/do/0/a/foreach/do/0/c',
    })
  })

  feature('error.communication', 'a call that is answered with an error has its status', async () => {
    expect(await error([{ a: call('/503') }])).toMatchObject({
      type: `${standard}communication`,
      status: 503,
      instance: '/do/0/a',
    })
    expect(await error([{ a: call('/401') }])).toMatchObject({
      type: `${standard}communication`,
      status: 401,
    })
  })

  feature(
    'error.escalates',
    'an error rises through do, for, fork and try until something catches it',
    async () => {
      const deep = { do: [{ l: { for: { in: '[1]' }, do: [{ f: { fork: { branches: [{ b: boom }] } } }] } }] }
      const task = { try: [{ deep }], catch: { errors: { with: { status: 500 } } } }
      expect(await output(tried(task, { do: [{ h: { set: '${ $error.status }' } }] }))).toBe(418)
    },
  )

  feature('raise.inline', 'texts of a raised error may be expressions', async () => {
    const raise = {
      error: {
        type: '${ "https://test.example/" + .kind }',
        status: 400,
        title: '${ .kind }',
        detail: '${ "no \\(.kind) in \\($workflow.definition.document.version)" }',
      },
    }
    expect(await error([{ a: { raise } }], { input: { kind: 'tea' } })).toMatchObject({
      type: 'https://test.example/tea',
      title: 'tea',
      detail: 'no tea in 1.0.0',
    })
  })

  feature('raise.inline', 'an instance that the author gives is kept', async () => {
    const raise = { error: { type: 'https://test.example/x', status: 400, instance: '/my/place' } }
    expect(await error([{ a: { raise } }])).toMatchObject({ instance: '/my/place' })
  })

  feature('raise.flow', 'a raise neither exports nor goes on by its own then', async () => {
    const raising = { ...boom, export: { as: '"exported"' }, output: { as: '"out"' }, then: 'end' }
    const tasks = [
      { t: { try: [{ raising }], catch: { do: [{ h: { set: '${ $context }' } }] } } },
      { last: { set: '${ [.] }' } },
    ]
    expect(await output(tasks)).toEqual([null])
  })

  feature('try.catch-all', 'an empty catch catches everything', async () => {
    expect((await run(tried(boom, {}))).status).toBe('completed')
  })

  const filters: [string, object, boolean][] = [
    ['an equal status', { status: 418 }, true],
    ['another status', { status: 419 }, false],
    ['an equal type and title', { type: 'https://test.example/boom', title: 'Boom' }, true],
    ['an equal type and another title', { type: 'https://test.example/boom', title: 'x' }, false],
    ['an equal instance', { instance: '/do/0/t/try/0/task' }, true],
    ['an equal detail', { detail: 'why' }, true],
    ['another detail, under its other name', { details: 'x' }, false],
  ]
  for (const [what, filter, caught] of filters) {
    feature('try.filter', `${what} ${caught ? 'catches' : 'does not catch'}`, async () => {
      const { status } = await run(tried(boom, { errors: { with: filter } }))
      expect(status).toBe(caught ? 'completed' : 'faulted')
    })
  }

  for (const type of [
    'https://serverlessworkflow.io/spec/1.0.0/errors/communication',
    'https://open-workflow-specification.org/spec/1.0.0/errors/communication',
    'https://open-workflow-specification.org/dsl/errors/types/communication',
    'https://serverlessworkflow.io/dsl/errors/types/communication',
  ]) {
    feature('try.filter', `a standard error is caught by its address ${type}`, async () => {
      expect((await run(tried(call('/404'), { errors: { with: { type, status: 404 } } }))).status).toBe(
        'completed',
      )
    })
  }

  feature('try.when', 'when must hold, and exceptWhen must not', async () => {
    const status = async (handler: object) => (await run(tried(boom, handler))).status
    expect(await status({ when: '.status == 418' })).toBe('completed')
    expect(await status({ when: '$error.status == 500' })).toBe('faulted')
    expect(await status({ exceptWhen: '.status == 418' })).toBe('faulted')
    expect(await status({ exceptWhen: '$error.status == 500' })).toBe('completed')
    expect(await status({ as: 'err', when: '$err.title == "Boom"' })).toBe('completed')
  })

  feature(['try.as', 'try.do'], 'the handler has the error, and its output is the task’s', async () => {
    expect(await output(tried(boom, { do: [{ h: { set: '${ $error.title }' } }] }))).toBe('Boom')
    expect(await output(tried(boom, { as: 'err', do: [{ h: { set: '${ $err.title }' } }] }))).toBe('Boom')
  })

  feature('try.do', 'the handler gets the input of the try task', async () => {
    const task = {
      input: { from: '.x' },
      try: [{ a: { set: { lost: 1 } } }, { b: boom }],
      catch: { do: [{ h: pass }] },
    }
    expect(await output([{ task }], { input: { x: 'in' } })).toBe('in')
  })

  feature('try.do-fails', 'an error in the handler rises, and is not caught by its own try', async () => {
    const again = { raise: { error: { type: 'https://test.example/again', status: 500 } } }
    expect(await error(tried(boom, { do: [{ h: again }] }))).toMatchObject({
      type: 'https://test.example/again',
      instance: '/do/0/t/catch/do/0/h',
    })
  })

  feature('try.swallow', 'without handler the rest is given up and the input goes on', async () => {
    const tasks = [
      { t: { try: [{ a: { set: { lost: 1 } } }, { b: boom }, { never: pass }], catch: {} } },
      { last: { set: '${ [.] }' } },
    ]
    const ended = await run(tasks, { input: 'in' })
    expect(ended.output).toEqual(['in'])
    expect(started(ended)).toEqual(['t', 'a', 'b', 'last'])
  })

  feature('try.then', 'after a caught error the try task goes on by its own then', async () => {
    const tasks = [
      { t: { try: [{ a: boom }], catch: {}, then: 'c' } },
      { b: { set: { b: 1 } } },
      { c: { set: { c: 1 } } },
    ]
    expect(started(await run(tasks))).toEqual(['t', 'a', 'c'])
  })

  feature('try.catch-then', 'catch.then goes on elsewhere than the task’s then', async () => {
    const tasks = (first: object) => [
      { t: { try: [{ first }], catch: { then: 'handled' }, then: 'end' } },
      { skipped: { set: { a: 1 } } },
      { handled: { set: { handled: true } } },
    ]
    expect(await output(tasks(boom))).toEqual({ handled: true })
    expect(await output(tasks(pass), { input: 'fine' })).toBe('fine')
  })

  feature(
    'try.as',
    'after the try task its variable is gone, and a nested one hides an outer one',
    async () => {
      const inner = { try: [{ a: call('/404') }], catch: { do: [{ h: { set: '${ $error.status }' } }] } }
      const handler = { do: [{ inner }, { after: { set: '${ [., $error.status] }' } }] }
      expect(await output(tried(boom, handler))).toEqual([404, 418])
    },
  )
})
