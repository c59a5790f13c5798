import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { fault } from '../problem.ts'
import { after } from '../testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow, startedAt, told } from '../testing/run-workflow.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
/** Answers with the host's name after as many milliseconds as `times` says; a negative time fails then. */
const http = (times: { [name: string]: number }) => (input: Json) => {
  const name = /\/\/(\w+)/.exec((input as { endpoint: { uri: string } }).endpoint.uri)?.[1] as string
  const time = times[name] as number
  return after(Math.abs(time), time < 0 ? fault('communication', name) : name)
}

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
