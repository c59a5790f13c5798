import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { fault } from '../problem.ts'
import { after } from '../testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow, startedAt, told } from '../testing/run-workflow.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
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
