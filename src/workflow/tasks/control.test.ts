import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { fault } from '../problem.ts'
import { after } from '../testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow, startedAt, told } from '../testing/run-workflow.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
const boom = { raise: { error: { type: 'https://example.org/boom', status: 418 } } }
const call = (name: string) => ({
  call: 'http',
  with: { method: 'get', endpoint: `https://${name}.example` },
})
/** Answers with the host's name after as many milliseconds as `times` says; a negative time fails then. */
const http = (times: { [name: string]: number }) => (input: Json) => {
  const name = /\/\/(\w+)/.exec((input as { endpoint: { uri: string } }).endpoint.uri)?.[1] as string
  const time = times[name] as number
  return after(Math.abs(time), time < 0 ? fault('communication', name) : name)
}

describe('set', () => {
  test('replaces the data by a template or by what an expression gives', async () => {
    expect(await outputOf([{ a: { set: { n: '${ .x }', fixed: [1] } } }], { input: { x: 1, y: 2 } })).toEqual(
      { n: 1, fixed: [1] },
    )
    expect(await outputOf([{ a: { set: '${ .x }' } }], { input: { x: 1 } })).toBe(1)
  })
})

describe('switch', () => {
  const cases = (rest: object = {}) => [
    {
      s: {
        switch: [
          { other: { then: 'c' } },
          { small: { when: '. < 10', then: 'a' } },
          { tiny: { when: '${ . < 5 }', then: 'b' } },
        ],
        ...rest,
      },
    },
    ...['a', 'b', 'c'].map((name) => ({ [name]: { set: `\${ [., "${name}"] }`, then: 'end' } })),
  ]

  test('goes where the first case that holds says, with its input as output', async () => {
    expect(await outputOf(cases(), { input: 1 })).toEqual([1, 'a'])
  })

  test('goes where the case without condition says when none holds, wherever that stands', async () => {
    expect(await outputOf(cases(), { input: 50 })).toEqual([50, 'c'])
  })

  test('goes on by its own then when there is no such case', async () => {
    expect(
      await outputOf(cases({ switch: [{ x: { when: 'false', then: 'a' } }], then: 'b' }), { input: 1 }),
    ).toEqual([1, 'b'])
  })
})

describe('raise', () => {
  test('raises an error given here or by name, whose texts may be expressions', async () => {
    const error = {
      type: '${ "https://example.org/" + .kind }',
      status: 400,
      title: '${ .kind }',
      detail: 'fixed',
      instance: '/mine',
    }
    const raised = {
      type: 'https://example.org/tea',
      status: 400,
      title: 'tea',
      detail: 'fixed',
      instance: '/mine',
    }
    expect(await errorOf([{ a: { raise: { error } } }], { input: { kind: 'tea' } })).toEqual(raised)
    const workflow = { use: { errors: { named: error } }, do: [{ a: { raise: { error: 'named' } } }] }
    expect(await errorOf(workflow, { input: { kind: 'tea' } })).toEqual(raised)
  })

  test('expands a template in the type, and refuses what is no text', async () => {
    const raise = (error: object) => [{ a: { raise: { error: { status: 400, ...error } } } }]
    expect(
      await errorOf(raise({ type: 'https://example.org/{kind}' }), { input: { kind: 'a b' } }),
    ).toMatchObject({
      type: 'https://example.org/a%20b',
    })
    expect(await errorOf(raise({ type: '${ 1 }' }))).toMatchObject({ type: `${standard}expression` })
    expect(await errorOf([{ a: { raise: { error: 'none' } } }])).toMatchObject({
      type: `${standard}configuration`,
    })
  })

  test('never completes: it neither exports nor goes on', async () => {
    const raising = { ...boom, export: { as: '"exported"' }, then: 'end' }
    const tasks = [
      { t: { try: [{ raising }], catch: { do: [{ h: { set: '${ $context }' } }] } } },
      { last: { set: '${ [.] }' } },
    ]
    expect(await outputOf(tasks)).toEqual([null])
  })
})

describe('wait', () => {
  test('takes the time that it says, and puts out its input', async () => {
    for (const wait of [{ hours: 1, minutes: 1 }, 'PT61M', '${ .time }']) {
      const result = await runWorkflow([{ a: { wait } }], { input: { time: 'PT61M' } })
      expect(result.ended).toEqual({ status: 'completed', output: { time: 'PT61M' } })
      expect(result.context.now()).toBe(startedAt + 61 * 60_000)
    }
  })

  test('refuses what is no duration', async () => {
    expect(await errorOf([{ a: { wait: 'soon' } }])).toMatchObject({ type: `${standard}configuration` })
    expect(await errorOf([{ a: { wait: '${ "soon" }' } }])).toMatchObject({ type: `${standard}expression` })
  })
})

describe('for', () => {
  test('hands the output of an iteration to the next, with the item and the index', async () => {
    const loop = {
      for: { in: '.list' },
      do: [{ a: { set: { list: '${ .list }', seen: '${ (.seen // []) + [[$item, $index]] }' } } }],
    }
    expect(await outputOf([{ loop }], { input: { list: ['x', 'y'] } })).toMatchObject({
      seen: [
        ['x', 0],
        ['y', 1],
      ],
    })
  })

  test('of nothing puts out its transformed input', async () => {
    expect(
      await outputOf([{ a: { input: { from: '.x' }, for: { in: '[]' }, do: [{ b: { set: { b: 1 } } }] } }], {
        input: { x: 7 },
      }),
    ).toBe(7)
  })

  test('goes on while its condition holds on what would be the next input', async () => {
    const loop = {
      for: { in: '[1, 2, 3, 4]' },
      while: '. < 3 and $item < 9',
      do: [{ a: { set: '${ . + $item }' } }],
    }
    expect(await outputOf([{ loop }], { input: 0 })).toBe(3)
  })

  test('evaluates a collection that is given in place', async () => {
    const loop = {
      for: { each: 'c', in: [{ n: '${ .x }' }, { n: 2 }] },
      do: [{ a: { set: { x: '${ .x + $c.n }' } } }],
    }
    expect(await outputOf([{ loop }], { input: { x: 1 } })).toEqual({ x: 4 })
  })

  test.each(['.none', '{}', '"text"', '3'])('cannot go through %s', async (items) => {
    expect(await errorOf([{ a: { for: { in: items }, do: [] } }], { input: {} })).toMatchObject({
      type: `${standard}expression`,
    })
  })

  test('ends its pass by exit and the workflow by end', async () => {
    const loop = (then: string) => ({
      for: { in: '[1, 2]' },
      do: [{ a: { set: '${ . + [$item] }', then } }, { no: { set: '${ "no" }' } }],
    })
    expect(await outputOf([{ l: loop('exit') }, { last: { set: '${ [.] }' } }], { input: [] })).toEqual([
      [1, 2],
    ])
    expect(await outputOf([{ l: loop('end') }, { last: { set: '${ [.] }' } }], { input: [] })).toEqual([1])
  })

  test('has its exports seen in the next pass', async () => {
    const loop = {
      for: { in: '[1, 2]' },
      do: [{ a: { set: '${ $context }', export: { as: '[., $item]' } } }],
    }
    expect(await outputOf({ do: [{ loop }], output: { as: '$context' } })).toEqual([[null, 1], 2])
  })

  describe('with concurrency', () => {
    const loop = (concurrency: number, rest: object = {}) => ({
      for: { in: '["a", "b", "c"]', each: 'name' },
      do: [
        {
          get: {
            call: 'http',
            with: { method: 'get', endpoint: '${ "https://" + $name + ".example" }' },
            export: { as: '($context // []) + [.]' },
          },
        },
      ],
      metadata: { concurrency },
      ...rest,
    })

    test('puts out the outputs in the order of the items, and exports in that of completion', async () => {
      const given = { activities: { http: http({ a: 30, b: 20, c: 10 }) } }
      const workflow = (concurrency: number) => ({
        do: [{ loop: loop(concurrency) }],
        output: { as: '[., $context]' },
      })
      expect(await outputOf(workflow(3), given)).toEqual([
        ['a', 'b', 'c'],
        ['c', 'b', 'a'],
      ])
      expect(await outputOf(workflow(2), given)).toEqual([
        ['a', 'b', 'c'],
        ['b', 'a', 'c'],
      ])
      expect(await outputOf(workflow(1), given)).toEqual([
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ])
    })

    test('runs no more at the same time than it says', async () => {
      const result = await runWorkflow([{ loop: loop(2) }], {
        activities: { http: http({ a: 10, b: 10, c: 10 }) },
      })
      expect(result.context.now()).toBe(startedAt + 20)
    })

    test('gives each the input of the task', async () => {
      const pass = {
        for: { in: '[1, 2]' },
        do: [{ a: { set: '${ . + $item }' } }],
        metadata: { concurrency: 2 },
      }
      expect(await outputOf([{ pass }], { input: 10 })).toEqual([11, 12])
    })

    test('is ended by the first error, which interrupts the others', async () => {
      const result = await runWorkflow([{ loop: loop(3) }], {
        activities: { http: http({ a: 30, b: -5, c: 30 }) },
      })
      expect(result.ended).toMatchObject({
        status: 'faulted',
        error: { detail: 'b', instance: '/do/0/loop/do/0/get' },
      })
      expect(told(result).filter((text) => text.startsWith('task.cancelled'))).toEqual([
        'task.cancelled /do/0/loop[0]/do/0/get',
        'task.cancelled /do/0/loop[2]/do/0/get',
      ])
    })

    test('begins no more once while does not hold, or one ended the workflow', async () => {
      const given = { activities: { http: http({ a: 10, b: 20, c: 30 }) } }
      expect(await outputOf([{ loop: loop(2, { while: '$name != "b"' }) }], given)).toEqual(['a'])
      const ending = {
        for: { in: '[1, 2]' },
        do: [{ w: { wait: '${ "PT\\($item)S" }' } }, { a: { set: '${ $item }', then: 'end' } }],
        metadata: { concurrency: 2 },
      }
      expect(await outputOf([{ ending }, { no: { set: { no: true } } }])).toBe(1)
    })

    test.each([0, 1.5, '2', 5000])('of %j is refused', async (concurrency) => {
      expect(await errorOf([{ loop: loop(concurrency as number) }])).toMatchObject({
        type: `${standard}configuration`,
      })
    })
  })
})

describe('fork', () => {
  const fork = (names: string[], rest: object = {}) => ({
    fork: { branches: names.map((name) => ({ [name]: call(name) })), ...rest },
  })

  test('puts out the outputs in declared order, whoever is first', async () => {
    const result = await runWorkflow([{ f: fork(['a', 'b']) }], {
      activities: { http: http({ a: 20, b: 10 }) },
    })
    expect(result.ended).toEqual({ status: 'completed', output: ['a', 'b'] })
    expect(result.context.now()).toBe(startedAt + 20)
  })

  test('is ended by the first error, which interrupts the others', async () => {
    const result = await runWorkflow([{ f: fork(['a', 'b']) }], {
      activities: { http: http({ a: 20, b: -10 }) },
    })
    expect(result.ended).toMatchObject({ error: { detail: 'b', instance: '/do/0/f/fork/branches/1/b' } })
    expect(told(result)).toContain('task.cancelled /do/0/f/fork/branches/0/a')
  })

  test('that competes is won by the first to succeed', async () => {
    const result = await runWorkflow([{ f: fork(['a', 'b', 'c'], { compete: true }) }], {
      activities: { http: http({ a: -5, b: 10, c: 20 }) },
    })
    expect(result.ended).toEqual({ status: 'completed', output: 'b' })
    expect(told(result)).toContain('task.cancelled /do/0/f/fork/branches/2/c')
  })

  test('that competes fails with the first error when all fail', async () => {
    expect(
      await errorOf([{ f: fork(['a', 'b'], { compete: true }) }], {
        activities: { http: http({ a: -20, b: -10 }) },
      }),
    ).toMatchObject({ detail: 'b' })
  })

  test('gives each branch the same input and context, and joins what they export', async () => {
    const branch = (name: string) => ({
      do: [
        { w: call(name) },
        {
          s: {
            set: `\${ [$input, $context] }`,
            export: { as: `$context + { ${name}: ($context | length) }` },
          },
        },
      ],
      input: { from: '. + 1' },
    })
    const branches = ['a', 'b'].map((name) => ({ [name]: branch(name) }))
    const tasks = [{ init: { set: '${ 1 }', export: { as: '{ z: 0 }' } } }, { f: { fork: { branches } } }]
    const workflow = { do: tasks, output: { as: '[., $context]' } }
    expect(await outputOf(workflow, { activities: { http: http({ a: 20, b: 10 }) } })).toEqual([
      [
        ['a', { z: 0 }],
        ['b', { z: 0 }],
      ],
      { z: 0, b: 1, a: 2 },
    ])
  })

  test('that competes keeps only the exports of the winner', async () => {
    const branches = ['a', 'b'].map((name) => ({
      [name]: {
        do: [{ e: { set: { x: 1 }, export: { as: `$context + { ${name}: 1 }` } } }, { w: call(name) }],
      },
    }))
    const workflow = { do: [{ f: { fork: { branches, compete: true } } }], output: { as: '$context' } }
    expect(await outputOf(workflow, { activities: { http: http({ a: 20, b: 10 }) } })).toEqual({ b: 1 })
  })

  test('is ended by end in a branch, and with it the workflow', async () => {
    const branches = [{ a: { set: { by: 'a' }, then: 'end' } }, { b: { wait: { hours: 1 } } }]
    const result = await runWorkflow([{ f: { fork: { branches } } }, { no: { set: { no: true } } }])
    expect(result.ended).toEqual({ status: 'completed', output: { by: 'a' } })
    expect(result.context.now()).toBe(startedAt)
  })

  test('has no branch that goes on at another', async () => {
    const branches = [{ a: { set: { a: 1 }, then: 'b' } }, { b: { set: { b: 1 } } }]
    expect(await errorOf([{ f: { fork: { branches } } }])).toMatchObject({ type: `${standard}configuration` })
  })
})
