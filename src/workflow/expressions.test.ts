import { describe, expect, test } from 'vitest'
import { errorOf, outputOf, startedAt } from './testing/run-workflow.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'

describe('an expression', () => {
  test('that fails names itself and its place', async () => {
    expect(await errorOf([{ a: { set: { x: [{ y: '${ error("no") }' }] } } }])).toMatchObject({
      type: `${standard}expression`,
      status: 400,
      instance: '/do/0/a',
      detail: expect.stringMatching(/'error\("no"\)' at \/do\/0\/a\/set\/x\/0\/y failed: .*no/) as string,
    })
  })

  test('that gives nothing is null, and one that gives several values fails', async () => {
    expect(await outputOf([{ a: { set: { x: '${ empty }' } } }])).toEqual({ x: null })
    expect(await errorOf([{ a: { set: { x: '${ 1, 2 }' } } }])).toMatchObject({
      type: `${standard}expression`,
    })
  })

  const everywhere = ['context', 'secrets', 'task', 'workflow', 'runtime']
  const table: [string, string[], (expression: string) => object | object[]][] = [
    ['workflow input.from', ['secrets', 'workflow', 'runtime'], (from) => ({ input: { from }, do: [] })],
    ['if', everywhere, (text) => [{ a: { if: `${text} | true`, set: { x: 1 } } }]],
    ['input.from', everywhere, (from) => [{ a: { input: { from }, set: { x: 1 } } }]],
    [
      'the definition',
      [...everywhere, 'input', 'authorization'],
      (text) => [{ a: { set: `\${ ${text} }` } }],
    ],
    [
      'output.as',
      [...everywhere, 'input', 'authorization'],
      (as) => [{ a: { set: { x: 1 }, output: { as } } }],
    ],
    [
      'export.as',
      [...everywhere, 'input', 'authorization', 'output'],
      (as) => [{ a: { set: { x: 1 }, export: { as } } }],
    ],
    [
      'workflow output.as',
      ['context', 'secrets', 'workflow', 'runtime'],
      (as) => ({ output: { as }, do: [] }),
    ],
  ]
  const all = ['context', 'input', 'output', 'secrets', 'task', 'workflow', 'runtime', 'authorization']

  test.each(table)('in %s sees %j and no other argument', async (_, available, definition) => {
    for (const name of all) {
      const run = definition(`$${name}`) as never
      if (available.includes(name)) await outputOf(run)
      else expect(await errorOf(run), name).toMatchObject({ type: `${standard}expression` })
    }
  })

  test('sees local variables of the tasks around it, and none of a finished loop', async () => {
    const inner = {
      input: { from: '$pet' },
      set: '${ [., $at] }',
      output: { as: '. + [$pet]' },
      export: { as: '$at' },
    }
    const loop = { for: { each: 'pet', at: 'at', in: '["cat"]' }, do: [{ deep: { do: [{ inner }] } }] }
    expect(await outputOf([{ loop }])).toEqual(['cat', 0, 'cat'])
    expect(await errorOf([{ loop }, { b: { set: '${ $pet }' } }])).toMatchObject({
      type: `${standard}expression`,
    })
  })

  test('sees the task, the workflow and the runtime', async () => {
    const set =
      '${ [$task.name, $task.reference, $task.input, $task.definition.input.from, $workflow.id, $workflow.input, $workflow.startedAt.epoch.milliseconds, $workflow.definition.document.name, $runtime.name] }'
    expect(
      await outputOf(
        { input: { from: '.x' }, do: [{ a: { input: { from: '. + 1' }, set } }] },
        { input: { x: 1 } },
      ),
    ).toEqual(['a', '/do/0/a', 1, '. + 1', 'run-1', { x: 1 }, startedAt, 'example', 'sluse'])
  })

  test('sees the raw output of its task from output.as on', async () => {
    expect(await outputOf([{ a: { set: { x: 1 }, output: { as: '[$task.output, .x]' } } }])).toEqual([
      { x: 1 },
      1,
    ])
  })

  test('has the time of the run as now', async () => {
    expect(await outputOf([{ a: { wait: { seconds: 2 } } }, { b: { set: '${ now }' } }])).toBe(
      startedAt / 1000 + 2,
    )
  })

  test('gives data that is never evaluated again', async () => {
    const tasks = [{ a: { set: { x: '${ .text }' } } }, { b: { set: { y: '${ .x }' } } }]
    expect(await outputOf(tasks, { input: { text: '${ 1 + 1 }' } })).toEqual({ y: '${ 1 + 1 }' })
  })

  test('only as a whole text is one in data', async () => {
    const set = { whole: ' ${ .x } ', bare: '.x', part: 'Hello ${ .x }!', key: { '${ .x }': 1 } }
    expect(await outputOf([{ a: { set } }], { input: { x: 1 } })).toEqual({ ...set, whole: 1 })
  })

  test('in loose mode is any text, and one that fails stands for itself', async () => {
    const set = { bare: '.x', enclosed: '${ .x }', text: 'Hello, world', failing: '.x.y' }
    expect(
      await outputOf({ evaluate: { mode: 'loose' }, do: [{ a: { set } }] }, { input: { x: 1 } }),
    ).toEqual({
      bare: 1,
      enclosed: 1,
      text: 'Hello, world',
      failing: '.x.y',
    })
  })

  test('members named as JavaScript names them are only data', async () => {
    const set = JSON.parse('{ "__proto__": "${ .x }", "constructor": "${ .constructor }" }') as object
    const output = (await outputOf([{ a: { set } }], { input: { x: 1 } })) as object
    expect(JSON.stringify(output)).toBe('{"__proto__":1,"constructor":null}')
    expect(Object.getPrototypeOf(output)).toBe(Object.prototype)
  })
})

describe('secrets', () => {
  const workflow = (set: object) => ({ use: { secrets: ['a', 'missing'] }, do: [{ x: { set } }] })
  const secrets = { a: 'A', b: 'B' }

  test('are seen where they are listed', async () => {
    expect(
      await outputOf(workflow({ a: '${ $secrets.a }', all: '${ $secrets | keys }' }), { secrets }),
    ).toEqual({ a: 'A', all: ['a'] })
  })

  test.each(['b', 'missing', 'none'])('%s is forbidden', async (name) => {
    const forbidden = { type: `${standard}authorization`, status: 403, instance: '/do/0/x' }
    expect(await errorOf(workflow({ x: `\${ $secrets.${name} }` }), { secrets })).toMatchObject(forbidden)
    expect(
      await errorOf({ ...workflow({ x: `$secrets.${name}` }), evaluate: { mode: 'loose' } }, { secrets }),
    ).toMatchObject(forbidden)
  })
})
