import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { fault } from '../problem.ts'
import { after } from '../testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow, startedAt, told } from '../testing/run-workflow.ts'

const boom = {
  raise: { error: { type: 'https://example.org/boom', status: 418, title: 'Boom', detail: 'why' } },
}
const tried = (handler: object, task: object = boom) => [{ t: { try: [{ task }], catch: handler } }]
const call = { call: 'http', with: { method: 'get', endpoint: 'https://example.org' } }
/** Fails so many times, then succeeds. */
const flaky = (failures: number) => ({
  activities: {
    http: (_: Json, { count }: { count: number }): Json => {
      if (count < failures) throw fault('communication', `failure ${count + 1}`, { status: 503 })
      return 'fine'
    },
  },
})
const ms = (milliseconds: number) => ({ milliseconds })

describe('try', () => {
  test('catches every error when nothing else is said, and its input goes on', async () => {
    expect(await outputOf([...tried({}), { last: { set: '${ [.] }' } }], { input: 'in' })).toEqual(['in'])
  })

  test.each([
    [{ status: 418 }, true],
    [{ status: 419 }, false],
    [{ type: 'https://example.org/boom', title: 'Boom' }, true],
    [{ type: 'https://example.org/boom', title: 'Bang' }, false],
    [{ instance: '/do/0/t/try/0/task' }, true],
    [{ detail: 'why' }, true],
    [{ details: 'why' }, true],
    [{ extension: 1 }, false],
  ])('with the filter %j catches: %s', async (filter, caught) => {
    const { ended } = await runWorkflow(tried({ errors: { with: filter } }))
    expect(ended.status).toBe(caught ? 'completed' : 'faulted')
  })

  test('catches a standard error at each of its addresses', async () => {
    for (const type of [
      'https://serverlessworkflow.io/spec/1.0.0/errors/communication',
      'https://open-workflow-specification.org/spec/1.0.0/errors/communication',
      'https://open-workflow-specification.org/dsl/errors/types/communication',
    ]) {
      const { ended } = await runWorkflow(tried({ errors: { with: { type, status: 503 } } }, call), flaky(1))
      expect(ended.status).toBe('completed')
    }
  })

  test.each([
    [{ when: '.status == 418 and $error.title == "Boom"' }, true],
    [{ when: '${ .status == 500 }' }, false],
    [{ exceptWhen: '.status == 418' }, false],
    [{ exceptWhen: '.status == 500' }, true],
    [{ as: 'e', when: '$e.detail == "why"' }, true],
  ])('with the condition %j catches: %s', async (handler, caught) => {
    expect((await runWorkflow(tried(handler))).ended.status).toBe(caught ? 'completed' : 'faulted')
  })

  test('hands its transformed input and the error to the handler, whose output is its own', async () => {
    const handler = { as: 'e', do: [{ h: { set: '${ [., $e.status, $e.instance] }' } }] }
    const task = { input: { from: '.x' }, try: [{ a: { set: { lost: 1 } } }, { boom }], catch: handler }
    expect(await outputOf([{ task }], { input: { x: 'in' } })).toEqual(['in', 418, '/do/0/task/try/1/boom'])
  })

  test('does not catch what its handler raises', async () => {
    expect(await errorOf(tried({ do: [{ again: boom }] }))).toMatchObject({
      instance: '/do/0/t/catch/do/0/again',
    })
  })

  test('goes on by catch.then after a caught error only, and ends by an end in the handler', async () => {
    const tasks = (task: object, handler: object) => [
      { t: { try: [{ task }], catch: handler, then: 'b' } },
      { a: { set: '${ "a" }', then: 'end' } },
      { b: { set: '${ "b" }', then: 'end' } },
    ]
    const fine = { set: { fine: true } }
    expect(await outputOf(tasks(boom, { then: 'a' }))).toBe('a')
    expect(await outputOf(tasks(fine, { then: 'a' }))).toBe('b')
    expect(await outputOf(tasks(boom, {}))).toBe('b')
    expect(await outputOf(tasks(boom, { then: 'a', do: [{ h: { set: '${ "h" }', then: 'end' } }] }))).toBe(
      'h',
    )
  })

  test('sees an inner error under its own name within an outer handler', async () => {
    const inner = { try: [{ call }], catch: { do: [{ h: { set: '${ $error.status }' } }] } }
    const handler = { do: [{ inner }, { last: { set: '${ [., $error.status] }' } }] }
    expect(await outputOf(tried(handler), flaky(1))).toEqual([503, 418])
  })
})

describe('retry', () => {
  const retrying = (retry: object | string, rest: object = {}) => tried({ retry, ...rest }, call)
  const count = (number: number) => ({ limit: { attempt: { count: number } } })

  test('tries all tasks again from the transformed input, under keys of their own', async () => {
    const t = {
      try: [{ one: { set: '${ . + 1 }', export: { as: '.' } } }, { call }],
      catch: { retry: count(2) },
    }
    const result = await runWorkflow(
      { do: [{ t }], output: { as: '[., $context]' } },
      { ...flaky(2), input: 0 },
    )
    expect(result.ended).toEqual({ status: 'completed', output: ['fine', 1] })
    expect([...result.context.asked.keys()]).toEqual([
      '/do/0/t/try/1/call',
      '/do/0/t/try[1]/1/call',
      '/do/0/t/try[2]/1/call',
    ])
    expect(result.context.reports.filter((report) => report.kind === 'task.retried')).toEqual([
      { kind: 'task.retried', attempt: 1, task: '/do/0/t', key: '/do/0/t' },
      { kind: 'task.retried', attempt: 2, task: '/do/0/t', key: '/do/0/t' },
    ])
  })

  test('gives up after that many retries, with the last error', async () => {
    const result = await runWorkflow(retrying(count(2)), flaky(9))
    expect(result.ended).toMatchObject({
      status: 'faulted',
      error: { detail: 'failure 3', instance: '/do/0/t/try/0/task' },
    })
  })

  test('hands the last error to the handler once it gives up', async () => {
    expect(await outputOf(retrying(count(1), { do: [{ h: { set: '${ $error.detail }' } }] }), flaky(9))).toBe(
      'failure 2',
    )
    expect(await outputOf(retrying(count(1), { then: 'end' }), { ...flaky(9), input: 'in' })).toBe('in')
  })

  test.each([
    ['constant', [100, 100, 100]],
    ['linear', [100, 200, 300]],
    ['exponential', [100, 200, 400]],
  ])('waits by a %s backoff: %j', async (kind, delays) => {
    const result = await runWorkflow(
      retrying({ delay: ms(100), backoff: { [kind]: {} }, ...count(3) }),
      flaky(3),
    )
    const at = result.context.journal
      .filter(({ key }) => key.endsWith('/delay'))
      .map((entry) => entry.at - startedAt)
    expect(at).toEqual(
      delays.map((_, index) => delays.slice(0, index + 1).reduce((sum, delay) => sum + delay)),
    )
  })

  test('adds a random part within the bounds of the jitter, the same on replay', async () => {
    const result = await runWorkflow(
      retrying({ delay: ms(100), jitter: { from: ms(10), to: ms(20) }, ...count(1) }),
      flaky(1),
    )
    const [waited] = result.context.journal
      .filter(({ key }) => key.endsWith('/delay'))
      .map((entry) => entry.at - startedAt)
    expect(waited).toBeGreaterThanOrEqual(110)
    expect(waited).toBeLessThanOrEqual(120)
    expect((await result.replay()).ended).toEqual(result.ended)
  })

  test('waits no longer than a day, whatever the backoff comes to', async () => {
    const policy = { delay: { hours: 20 }, backoff: { exponential: {} }, ...count(2) }
    const result = await runWorkflow(retrying(policy), flaky(2))
    expect(result.context.now() - startedAt).toBe((20 + 24) * 3_600_000)
  })

  test.each([
    [{ when: '.status == 503' }, 2],
    [{ when: '$error.status == 500' }, 1],
    [{ exceptWhen: '.status == 503' }, 1],
    [{ exceptWhen: '.status == 500' }, 2],
  ])('under %j makes %d attempts', async (policy, attempts) => {
    const result = await runWorkflow(retrying({ ...policy, ...count(1) }), flaky(9))
    expect(result.context.carriedOut).toHaveLength(attempts)
  })

  test('does not retry what it does not catch', async () => {
    const result = await runWorkflow(retrying(count(5), { errors: { with: { status: 500 } } }), flaky(9))
    expect(result.context.carriedOut).toHaveLength(1)
  })

  test('begins none that would come after the time for all of them', async () => {
    const result = await runWorkflow(retrying({ delay: ms(40), limit: { duration: ms(100) } }), flaky(9))
    expect(result.ended.status).toBe('faulted')
    expect(result.context.now()).toBe(startedAt + 80)
  })

  test('gives up an attempt that takes too long, and tries again', async () => {
    const http = (_: Json, asked: { count: number }) => after(asked.count === 0 ? 100 : 1, 'fine')
    const result = await runWorkflow(retrying({ limit: { attempt: { count: 1, duration: ms(30) } } }), {
      activities: { http },
    })
    expect(result.ended).toEqual({ status: 'completed', output: 'fine' })
    expect(told(result)).toContain('task.cancelled /do/0/t/try/0/task')
    expect(result.context.now()).toBe(startedAt + 31)
  })

  test('is used by name', async () => {
    expect(await outputOf({ use: { retries: { once: count(1) } }, do: retrying('once') }, flaky(1))).toBe(
      'fine',
    )
    expect(await errorOf(retrying('none'), flaky(1))).toMatchObject({
      detail: expect.stringContaining("'none'") as string,
    })
  })

  test('without limit, of what always fails at once, can be cancelled', async () => {
    const result = await runWorkflow(tried({ retry: {} }), { cancelAt: startedAt })
    expect(result.ended).toEqual({ status: 'cancelled' })
  })

  test('without limit ends only with success', async () => {
    expect(await outputOf(retrying({ delay: ms(1) }), flaky(50))).toBe('fine')
  })
})
