import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { started, useHarness } from './harness.ts'
import { taskRuns } from '../task-runs.ts'

const boom = { raise: { error: { type: 'https://test.example/boom', status: 418 } } }
const long = { wait: { hours: 1 } }
const pass = { set: '${ . }' }

/** dsl-reference.md, "Do", "Set", "Switch", "For", "Fork". */
describe('tasks of control', () => {
  const { run, output, error, refused } = useHarness()

  feature('do.sequence', 'do passes data from task to task and puts out the last', async () => {
    const inner = [{ a: { set: '${ . + 1 }' } }, { b: { set: '${ . * 2 }' } }]
    expect(await output([{ outer: { do: inner } }], { input: 1 })).toBe(4)
  })

  feature('set.template', 'set evaluates what is enclosed, at any depth', async () => {
    const set = { a: '${ .x }', b: [{ c: '${ .x + 1 }' }, 'text'], d: { e: null, f: true } }
    expect(await output([{ t: { set } }], { input: { x: 1 } })).toEqual({
      a: 1,
      b: [{ c: 2 }, 'text'],
      d: { e: null, f: true },
    })
  })

  for (const [expression, value] of [
    ['${ 1 }', 1],
    ['${ [.x] }', [5]],
    ['${ null }', null],
    ['${ { a: .x } }', { a: 5 }],
  ] as const) {
    feature('set.expression', `set takes ${expression}`, async () => {
      expect(await output([{ t: { set: expression } }], { input: { x: 5 } })).toEqual(value)
    })
  }

  const switching = (cases: object[], rest: object = {}) => [
    { choose: { switch: cases, ...rest } },
    { one: { set: { by: 'one' }, then: 'end' } },
    { two: { set: { by: 'two' }, then: 'end' } },
  ]

  feature('switch.first', 'of several that hold the first is taken', async () => {
    const cases = [{ a: { when: 'true', then: 'two' } }, { b: { when: 'true', then: 'one' } }]
    expect(await output(switching(cases))).toEqual({ by: 'two' })
  })

  feature('switch.default', 'the case without condition is taken last, wherever it stands', async () => {
    const cases = (holds: string) => [{ other: { then: 'two' } }, { a: { when: holds, then: 'one' } }]
    expect(await output(switching(cases('true')))).toEqual({ by: 'one' })
    expect(await output(switching(cases('false')))).toEqual({ by: 'two' })
  })

  feature('switch.none', 'without a case the task’s own then applies', async () => {
    expect(await output(switching([{ a: { when: 'false', then: 'one' } }], { then: 'two' }))).toEqual({
      by: 'two',
    })
    expect(await output(switching([{ a: { when: 'false', then: 'two' } }]))).toEqual({ by: 'one' })
  })

  feature('switch.none', 'the output of switch is its input', async () => {
    const task = { switch: [{ a: { when: 'true', then: 'end' } }], output: { as: '[.]' } }
    expect(await output([{ task }], { input: 'in' })).toEqual(['in'])
  })

  feature('document.default-case', 'two default cases are refused', async () => {
    expect(await refused(switching([{ a: { then: 'one' } }, { b: { then: 'two' } }]))).toContain(
      '/do/0/choose',
    )
  })

  feature(
    ['for.in', 'for.chain'],
    'each pass has item and index, and the output of the one before',
    async () => {
      const loop = {
        for: { in: '.list' },
        do: [{ a: { set: { list: '${ .list }', n: '${ .n + [[$item, $index]] }' } } }],
      }
      expect(await output([{ loop }], { input: { list: ['a', 'b'], n: [] } })).toEqual({
        list: ['a', 'b'],
        n: [
          ['a', 0],
          ['b', 1],
        ],
      })
    },
  )

  feature('for.in', 'item and index are named by each and at', async () => {
    const loop = { for: { each: 'pet', at: 'n', in: '["cat"]' }, do: [{ a: { set: '${ [$pet, $n] }' } }] }
    expect(await output([{ loop }])).toEqual(['cat', 0])
  })

  feature('for.in', 'the collection is evaluated once, on the transformed input', async () => {
    const loop = {
      input: { from: '.inner' },
      for: { in: '.' },
      do: [{ a: { set: '${ . + [9] }' } }],
    }
    expect(await output([{ loop }], { input: { inner: [1, 2] } })).toEqual([1, 2, 9, 9])
  })

  feature('for.in', 'what is no list is an error', async () => {
    expect(await error([{ loop: { for: { in: '"text"' }, do: [{ a: pass }] } }])).toMatchObject({
      instance: '/do/0/loop',
      status: 400,
    })
  })

  feature('for.empty', 'an empty collection puts out the input', async () => {
    const loop = { input: { from: '.x' }, for: { in: '[]' }, do: [{ a: { set: { never: true } } }] }
    expect(await output([{ loop }], { input: { x: 'in' } })).toBe('in')
  })

  feature('for.while', 'while sees item, index and the data so far, before each pass', async () => {
    const loop = {
      for: { in: '[1, 2, 3, 4]' },
      while: '$item < 4 and $index < 3 and . < 3',
      do: [{ a: { set: '${ . + $item }' } }],
    }
    expect(await output([{ loop }], { input: 0 })).toBe(3)
  })

  feature('for.while', 'while that does not hold at once puts out the input', async () => {
    const loop = { for: { in: '[1]' }, while: 'false', do: [{ a: { set: { never: true } } }] }
    expect(await output([{ loop }], { input: 'in' })).toBe('in')
  })

  feature('for.inline', 'a list in place is taken as it is', async () => {
    const loop = { for: { in: [{ n: 1 }, { n: 2 }] }, do: [{ a: { set: '${ . + [$item.n] }' } }] }
    expect(await output([{ loop }], { input: [] })).toEqual([1, 2])
  })

  feature('for.export', 'the next pass sees what the one before exported', async () => {
    const loop = {
      for: { in: '[1, 2, 3]' },
      do: [{ a: { set: '${ $context + $item }', export: { as: '.' } } }],
    }
    expect(await output([{ loop }])).toBe(6)
  })

  feature('fork.all', 'outputs come in declared order, whoever is done first', async () => {
    const branches = [
      { slow: { do: [{ w: { wait: { milliseconds: 40 } } }, { s: { set: '${ "slow" }' } }] } },
      { fast: { set: '${ "fast" }' } },
    ]
    expect(await output([{ both: { fork: { branches } } }])).toEqual(['slow', 'fast'])
  })

  feature('fork.all', 'branches run at once', async () => {
    const branch = (own: string, other: string) => ({
      [own]: { emit: { event: { with: { source: 'https://t.example', type: other } } } },
    })
    const wait = (type: string) => ({ listen: { to: { one: { with: { type } } } } })
    const branches = [
      { a: { do: [branch('say', 'to-b'), { hear: wait('to-a') }] } },
      { b: { do: [{ hear: wait('to-b') }, branch('say', 'to-a')] } },
    ]
    expect((await run([{ both: { fork: { branches } } }])).status).toBe('completed')
  })

  feature('fork.input', 'every branch gets the transformed input and transforms its own output', async () => {
    const branches = [{ a: { set: '${ . + 1 }', output: { as: '[.]' } } }, { b: { set: '${ . + 2 }' } }]
    const task = { input: { from: '.n' }, fork: { branches } }
    expect(await output([{ task }], { input: { n: 1 } })).toEqual([[2], 3])
  })

  feature('fork.compete', 'the first to finish wins and the others are cancelled', async () => {
    const branches = [{ slow: long }, { fast: { set: { by: 'fast' } } }]
    const ended = await run([{ race: { fork: { compete: true, branches } } }])
    expect(ended.output).toEqual({ by: 'fast' })
    expect(taskRuns(ended.lifecycle).find(({ name }) => name === 'slow')?.status).toBe('cancelled')
  })

  feature('fork.compete', 'a branch that fails does not win', async () => {
    const branches = [
      { bad: boom },
      { good: { do: [{ w: { wait: { milliseconds: 20 } } }, { g: { set: { by: 'good' } } }] } },
    ]
    expect(await output([{ race: { fork: { compete: true, branches } } }])).toEqual({ by: 'good' })
  })

  feature('fork.compete', 'where all fail the first error is the fork’s', async () => {
    const branches = [{ bad: boom }, { worse: { do: [{ w: { wait: { milliseconds: 20 } } }, { b: boom }] } }]
    expect(await error([{ race: { fork: { compete: true, branches } } }])).toMatchObject({
      instance: '/do/0/race/fork/branches/0/bad',
    })
  })

  feature('fork.error', 'an error cancels the other branches and can be caught around the fork', async () => {
    const task = {
      try: [{ both: { fork: { branches: [{ waits: long }, { bad: boom }] } } }],
      catch: { do: [{ h: { set: '${ $error.status }' } }] },
    }
    const ended = await run([{ task }])
    expect(ended.output).toBe(418)
    expect(taskRuns(ended.lifecycle).find(({ name }) => name === 'waits')?.status).toBe('cancelled')
  })

  feature('data.context-children', 'exports of branches are applied in order of completion', async () => {
    const branches = [
      {
        slow: {
          do: [
            { w: { wait: { milliseconds: 40 } } },
            { s: { set: '${ 1 }', export: { as: '$context + ["slow"]' } } },
          ],
        },
      },
      { fast: { set: '${ 2 }', export: { as: '$context + ["fast"]' } } },
    ]
    const tasks = [{ both: { fork: { branches } } }, { last: { set: '${ $context }' } }]
    expect(await output(tasks)).toEqual(['fast', 'slow'])
  })

  feature(
    'document.common',
    'every type of task takes if, input, output, export, timeout, then and metadata',
    async () => {
      const common = {
        if: 'true',
        input: { from: '.' },
        output: { as: '0' },
        export: { as: '($context // 0) + 1' },
        timeout: { after: { minutes: 1 } },
        then: 'continue',
        metadata: { note: 'x' },
      }
      const kinds = {
        do: { do: [{ x: pass }] },
        emit: { emit: { event: { with: { source: 'https://t.example', type: 't' } } } },
        for: { for: { in: '[1]' }, do: [{ x: pass }] },
        fork: { fork: { branches: [{ x: pass }] } },
        listen: { listen: { to: { one: { with: { type: 't' } } } } },
        run: { run: { shell: { command: 'true' } } },
        set: { set: { x: 1 } },
        switch: { switch: [{ a: { then: 'continue' } }] },
        try: { try: [{ x: pass }], catch: {} },
        wait: { wait: { milliseconds: 1 } },
        call: { call: 'f' },
      }
      const tasks = Object.entries(kinds).map(([name, task]) => ({ [name]: { ...task, ...common } }))
      const workflow = {
        use: { functions: { f: pass } },
        do: [...tasks, { last: { set: '${ $context }' } }],
      }
      const event = { specversion: '1.0' as const, id: '1', source: 's', type: 't' }
      const ended = await run(workflow, { events: [event] })
      expect(ended.output).toBe(tasks.length)
      expect(started(ended)).toEqual(expect.arrayContaining(Object.keys(kinds)))
    },
  )
})
