import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { event, outputOf, runWorkflow, startedAt, told, type Given } from '../testing/run-workflow.ts'

const listen = (to: object, rest: object = {}, more: object = {}) => [
  { l: { listen: { to, ...rest }, ...more } },
]
const type = (name: string, rest: object = {}) => ({ with: { type: name }, ...rest })
const events = (...names: string[]): Given => ({ events: names.map((name, index) => event(name, index + 1)) })

describe('listen', () => {
  test('to one puts out an array of one', async () => {
    expect(await outputOf(listen({ one: type('a') }), events('x', 'a', 'a'))).toEqual([2])
  })

  test('to any puts out the first of any filter', async () => {
    expect(await outputOf(listen({ any: [type('a'), type('b')] }), events('x', 'b', 'a'))).toEqual([2])
    expect(await outputOf(listen({ any: [] }), events('x', 'b'))).toEqual([1])
  })

  test('to all puts out one event of each filter, in the order in which they came', async () => {
    expect(await outputOf(listen({ all: [type('a'), type('b')] }), events('b', 'b', 'a'))).toEqual([1, 3])
  })

  test('waits as long as nothing matches', async () => {
    expect((await runWorkflow(listen({ all: [type('a'), type('b')] }), events('b', 'b'))).ended).toEqual({
      status: 'waiting',
    })
  })

  test('goes on until a condition holds of the events so far', async () => {
    expect(
      await outputOf(listen({ any: [type('a')], until: '( . | length ) > 1' }), events('a', 'x', 'a', 'a')),
    ).toEqual([1, 3])
    expect((await runWorkflow(listen({ any: [], until: '${ false }' }), events('a', 'b'))).ended).toEqual({
      status: 'waiting',
    })
  })

  test('goes on until another event comes, which is not put out', async () => {
    const until = { one: type('stop') }
    expect(await outputOf(listen({ any: [type('a')], until }), events('a', 'a', 'stop', 'a'))).toEqual([1, 2])
    expect(await outputOf(listen({ any: [], until }), events('a', 'x', 'stop'))).toEqual([1, 2])
    expect(
      await outputOf(listen({ any: [], until: { all: [type('s'), type('t')] } }), events('s', 'a', 't', 'a')),
    ).toEqual([2])
  })

  test('reads data, envelope or raw', async () => {
    const one = { one: type('a') }
    const envelope = event('a', { n: 1 })
    expect(await outputOf(listen(one, { read: 'data' }), { events: [envelope] })).toEqual([{ n: 1 }])
    expect(await outputOf(listen(one, { read: 'envelope' }), { events: [envelope] })).toEqual([envelope])
    expect(await outputOf(listen(one, { read: 'raw' }), { events: [envelope] })).toEqual(['{"n":1}'])
  })

  test('filters on data with what the run knows', async () => {
    const filter = {
      with: { type: 'a', data: '${ .n == $input.n and $context == null and $workflow.id == "run-1" }' },
    }
    const given = { events: [event('a', { n: 1 }), event('a', { n: 2 })], input: { n: 2 } }
    expect(await outputOf(listen({ one: filter }), given)).toEqual([{ n: 2 }])
  })

  test('takes an attribute that an expression gives on the input as it is, and any other as a condition', async () => {
    const given = {
      events: [event('a', 1, { subject: 'axb' }), event('a', 2, { subject: 'a.b' })],
      input: { id: 'a.b' },
    }
    expect(await outputOf(listen({ one: { with: { type: 'a', subject: '${ .id }' } } }), given)).toEqual([2])
    expect(
      await outputOf(listen({ one: { with: { type: 'a', subject: '${ endswith(".b") }' } } }), given),
    ).toEqual([2])
    expect(await outputOf(listen({ one: { with: { subject: '${ . == $input.id }' } } }), given)).toEqual([2])
  })

  test('correlates by what it expects', async () => {
    const filter = type('a', { correlate: { id: { from: '.subject', expect: '${ .id }' } } })
    const given = {
      events: [event('a', 1, { subject: 'x' }), event('a', 2, { subject: 'y' })],
      input: { id: 'y' },
    }
    expect(await outputOf(listen({ one: filter }), given)).toEqual([2])
  })

  test('correlates by what the first event had, across filters', async () => {
    const correlate = { room: { from: '.room' } }
    const given = {
      events: [event('t', 1, { room: 'a' }), event('h', 2, { room: 'b' }), event('h', 3, { room: 'a' })],
    }
    const result = await runWorkflow(
      listen({ all: [type('t', { correlate }), type('h', { correlate })] }),
      given,
    )
    expect(result.ended).toEqual({ status: 'completed', output: [1, 3] })
    expect(result.context.reports).toContainEqual({
      kind: 'workflow.correlation-completed',
      correlationKeys: { room: 'a' },
    })
    expect(told(result)).toContain('workflow.correlation-started')
  })

  test('can be interrupted by a timeout', async () => {
    const result = await runWorkflow(listen({ one: type('a') }, {}, { timeout: { after: { seconds: 1 } } }))
    expect(result.ended).toMatchObject({ status: 'faulted', error: { status: 408 } })
    expect(result.context.now()).toBe(startedAt + 1000)
  })

  test('asks for each event under a key of its own', async () => {
    const result = await runWorkflow(listen({ any: [], until: 'length == 2' }), events('a', 'b'))
    expect([...result.context.asked.keys()]).toEqual(['/do/0/l/event[0]', '/do/0/l/event[1]'])
  })
})

describe('listen with foreach', () => {
  const until = { any: [type('a')], until: { one: type('stop') } }

  test('deals with each event before the next, in order', async () => {
    const foreach = {
      item: 'e',
      at: 'i',
      do: [{ w: { wait: { seconds: 1 } } }, { s: { set: '${ [$e, $i, .] }' } }],
    }
    const given = { ...events('a', 'a', 'stop'), input: 'in' }
    const result = await runWorkflow(listen(until, {}, { foreach }), given)
    expect(result.ended).toEqual({
      status: 'completed',
      output: [
        [1, 0, 'in'],
        [2, 1, 'in'],
      ],
    })
    expect([...result.context.asked.keys()]).toContain('/do/0/l/foreach[1]/do/0/w')
  })

  test('transforms the output of each item and exports it', async () => {
    const foreach = { output: { as: '. * 10 + $index' }, export: { as: '($context // []) + [$output]' } }
    const workflow = { do: listen(until, {}, { foreach }), output: { as: '[., $context]' } }
    expect(await outputOf(workflow, events('a', 'a', 'stop'))).toEqual([
      [10, 21],
      [10, 21],
    ])
  })

  test('goes on until a condition on what was exported holds', async () => {
    const to = { any: [], until: '($context | length) == 2' }
    const foreach = { export: { as: '($context // []) + [.]' } }
    expect(await outputOf(listen(to, {}, { foreach }), events('a', 'b', 'c'))).toEqual([1, 2])
  })

  test('ends the workflow by end, with the outputs so far', async () => {
    const foreach = { do: [{ s: { set: '${ [$item] }', then: 'end' } }] }
    const tasks = [...listen({ any: [], until: 'false' }, {}, { foreach }), { no: { set: { no: true } } }]
    expect(await outputOf(tasks, events('a', 'b'))).toEqual([[1]] as Json)
  })
})
