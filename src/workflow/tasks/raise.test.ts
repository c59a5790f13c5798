import { describe, expect, test } from 'vitest'
import { errorOf, outputOf } from '../testing/run-workflow.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
const boom = { raise: { error: { type: 'https://example.org/boom', status: 418 } } }

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
