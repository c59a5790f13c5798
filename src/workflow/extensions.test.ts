import { describe, expect, test } from 'vitest'
import type { Json } from './json.ts'
import { errorOf, outputOf, runWorkflow } from './testing/run-workflow.ts'

const log = (what: string) => ({
  emit: { event: { with: { type: what, data: '${ [$task.reference, .] }' } } },
})
const extension = (extend: string, rest: object = {}) => ({
  extend,
  before: [{ b: log('before') }],
  after: [{ a: log('after') }],
  ...rest,
})
const extended = (extensions: object[], tasks: object[]) => ({ use: { extensions }, do: tasks })

/** What the extensions told: the event's type, the extended task, the data they saw. */
async function toldBy(definition: object, input: Json = null): Promise<Json[][]> {
  const { context, ended } = await runWorkflow(definition as never, { input })
  expect(ended.status).toBe('completed')
  return [...context.asked.values()].map((asked) => {
    const { type, data } = (asked as unknown as { input: { type: string; data: Json[] } }).input
    return [type, ...data]
  })
}

describe('an extension', () => {
  test('runs before and after the tasks that it extends, and changes nothing of their data', async () => {
    const definition = extended(
      [{ logging: extension('all') }],
      [{ x: { set: { n: 1 } } }, { y: { set: '${ .n + 1 }' } }],
    )
    expect(await toldBy(definition, 'in')).toEqual([
      ['before', '/do/0/x', 'in'],
      ['after', '/do/0/x', { n: 1 }],
      ['before', '/do/1/y', { n: 1 }],
      ['after', '/do/1/y', 2],
    ])
    expect(await outputOf(definition)).toBe(2)
  })

  test('several wrap a task like an onion', async () => {
    const extensions = ['one', 'two'].map((name) => ({
      [name]: { extend: 'set', before: [{ b: log(`${name} before`) }], after: [{ a: log(`${name} after`) }] },
    }))
    const told = await toldBy(extended(extensions, [{ x: { set: { n: 1 } } }]))
    expect(told.map(([type]) => type)).toEqual(['one before', 'two before', 'two after', 'one after'])
  })

  test.each([
    ['set', ['/do/0/x', '/do/1/deep/do/0/y']],
    ['composite', ['/do/1/deep']],
    ['all', ['/do/0/x', '/do/1/deep', '/do/1/deep/do/0/y']],
    ['wait', []],
  ])('of %s extends %j', async (extend, references) => {
    const tasks = [{ x: { set: { n: 1 } } }, { deep: { do: [{ y: { set: { n: 2 } } }] } }]
    const told = await toldBy(extended([{ e: { extend, before: [{ b: log('before') }] } }], tasks))
    expect(told.map(([, reference]) => reference)).toEqual(references)
  })

  test('decides by the task, whose own properties it sees, too', async () => {
    const tasks = [{ x: { set: { n: 1 } } }, { y: { set: { n: 2 } } }]
    for (const when of [
      '$task.name == "y"',
      '$task.definition.set.n == 2',
      '${ $task.set.n == 2 }',
      '.n == 1',
    ]) {
      const told = await toldBy(extended([{ e: extension('set', { when, after: [] }) }], tasks))
      expect(told.map(([, reference]) => reference)).toEqual(['/do/1/y'])
    }
  })

  test('takes the place of the task by exit, and what it puts out is the raw output', async () => {
    const mock = {
      extend: 'call',
      before: [{ m: { set: { content: 'mocked' }, then: 'exit' } }, { never: { set: { never: true } } }],
    }
    const call = {
      call: 'http',
      with: { method: 'get', endpoint: 'https://example.org' },
      output: { as: '.content' },
      export: { as: '.' },
    }
    expect(await outputOf({ ...extended([{ mock }], [{ call }]), output: { as: '[., $context]' } })).toEqual([
      'mocked',
      'mocked',
    ])
  })

  test('ends the workflow by end', async () => {
    const guard = { extend: 'call', before: [{ m: { set: { stopped: true }, then: 'end' } }] }
    const tasks = [
      { call: { call: 'http', with: { method: 'get', endpoint: 'https://example.org' } } },
      { no: { set: { no: true } } },
    ]
    expect(await outputOf(extended([{ guard }], tasks))).toEqual({ stopped: true })
  })

  test('fails its task, and points to itself', async () => {
    const failing = {
      extend: 'set',
      before: [{ f: { raise: { error: { type: 'https://example.org/x', status: 400 } } } }],
    }
    expect(await errorOf(extended([{ failing }], [{ x: { set: { n: 1 } } }]))).toMatchObject({
      instance: '/use/extensions/0/failing/before/0/f',
    })
  })

  test('leaves skipped tasks alone', async () => {
    expect(
      await toldBy(extended([{ e: extension('all') }], [{ x: { if: 'false', set: { n: 1 } } }])),
    ).toEqual([])
  })
})
