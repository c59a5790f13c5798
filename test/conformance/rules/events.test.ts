import { describe, expect } from 'vitest'
import type { JsonObject } from '../../../src/workflow/index.ts'
import { feature } from '../feature.ts'
import { event, started, useHarness } from './harness.ts'

/** dsl-reference.md, "Emit", "Listen", "Event Consumption Strategy", "Event Filter". */
describe('events', () => {
  const { run, output, refused } = useHarness()
  const listen = (to: object, rest: object = {}) => [{ l: { listen: { to, ...rest } } }]
  const of = (type: string, more: object = {}) => ({ with: { type }, ...more })

  feature(
    ['emit.event', 'emit.output'],
    'emit fills in what is not given and puts out the event',
    async () => {
      const given = { source: 'https://t.example', type: 'my.type', data: { n: '${ .n }' } }
      const ended = await run([{ e: { emit: { event: { with: given } } } }], { input: { n: 1 } })
      expect(ended.output).toMatchObject({
        specversion: '1.0',
        id: expect.stringMatching(/./),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        source: 'https://t.example',
        type: 'my.type',
        data: { n: 1 },
      })
      expect(ended.emitted).toEqual([ended.output])
    },
  )

  feature(
    ['emit.event', 'event.extension-attribute'],
    'emit keeps what is given, with extensions',
    async () => {
      const given = {
        id: 'mine',
        source: 'https://t.example',
        type: 't',
        subject: '${ "s" + .n }',
        time: '2026-01-02T03:04:05Z',
        datacontenttype: 'text/plain',
        tenant: 'odense',
        data: 'text',
      }
      expect(await output([{ e: { emit: { event: { with: given } } } }], { input: { n: '1' } })).toEqual({
        ...given,
        subject: 's1',
        specversion: '1.0',
      })
    },
  )

  feature('emit.event', 'an event without source has that of its workflow', async () => {
    const ended = await run([{ e: { emit: { event: { with: { type: 't' } } } } }])
    expect((ended.output as JsonObject)['source']).toMatch(/\/test\/rule-\d+\/1\.0\.0$/)
  })

  feature(
    ['event.one', 'listen.output'],
    'one waits for the event that matches and puts out its data in a list',
    async () => {
      const events = [event('other', 0), event('mine', { n: 1 })]
      expect(await output(listen({ one: of('mine') }), { events })).toEqual([{ n: 1 }])
    },
  )

  feature('listen.output', 'envelope puts out the events themselves', async () => {
    const events = [event('mine', { n: 1 })]
    expect(await output(listen({ one: of('mine') }, { read: 'envelope' }), { events })).toEqual(events)
  })

  feature('listen.output', 'output.as transforms the list', async () => {
    const tasks = [{ l: { listen: { to: { one: of('mine') } }, output: { as: '.[0].n' } } }]
    expect(await output(tasks, { events: [event('mine', { n: 1 })] })).toBe(1)
  })

  feature('event.all', 'all waits for each filter, in whatever order the events come', async () => {
    const events = [event('b', 'B'), event('b', 'again'), event('a', 'A')]
    expect(await output(listen({ all: [of('a'), of('b')] }), { events })).toEqual(['B', 'A'])
  })

  feature('event.any', 'any takes the first that matches one of its filters', async () => {
    const events = [event('c', 'C'), event('b', 'B'), event('a', 'A')]
    expect(await output(listen({ any: [of('a'), of('b')] }), { events })).toEqual(['B'])
  })

  feature('event.any', 'any without filters takes the first of all', async () => {
    expect(await output(listen({ any: [] }), { events: [event('c', 'C')] })).toEqual(['C'])
  })

  feature('event.until-expression', 'until sees the list so far, after each event', async () => {
    const to = { any: [of('n')], until: 'add > 3' }
    const events = [1, 2, 3, 4].map((n) => event('n', n))
    expect(await output(listen(to), { events })).toEqual([1, 2, 3])
  })

  feature('event.until-event', 'the event that ends the wait is not put out', async () => {
    const to = { any: [of('n')], until: { one: of('stop') } }
    const events = [event('n', 1), event('n', 2), event('stop', 'x'), event('n', 3)]
    expect(await output(listen(to), { events })).toEqual([1, 2])
  })

  const filters: [string, object, object, boolean][] = [
    ['an equal attribute', { type: 't', subject: 'a' }, { subject: 'a' }, true],
    ['another attribute', { type: 't', subject: 'b' }, { subject: 'a' }, false],
    ['a missing attribute', { type: 't', subject: 'a' }, {}, false],
    ['a regular expression', { type: 't', subject: 'a.+z' }, { subject: 'abcz' }, true],
    ['a regular expression that fits only a part', { type: 't', subject: 'a.c' }, { subject: 'abcd' }, false],
    ['an expression on the data', { type: 't', data: '${ .n > 1 }' }, { data: { n: 2 } }, true],
    [
      'an expression on the data that does not hold',
      { type: 't', data: '${ .n > 1 }' },
      { data: { n: 1 } },
      false,
    ],
    [
      'an expression on an attribute',
      { type: 't', subject: '${ startswith("a") }' },
      { subject: 'ab' },
      true,
    ],
    ['an expression that fails', { type: 't', data: '${ .n.x.y }' }, { data: { n: 'text' } }, false],
  ]
  for (const [what, filter, attributes, matches] of filters) {
    feature('event.filter', `${what} ${matches ? 'matches' : 'does not match'}`, async () => {
      const events = [event('t', 'first', attributes as JsonObject), event('end', 'last')]
      const to = { any: [{ with: filter }, of('end')] }
      const expected = matches ? ((attributes as JsonObject)['data'] ?? 'first') : 'last'
      expect(await output(listen(to), { events })).toEqual([expected])
    })
  }

  feature('event.filter', 'an expression in a filter sees the run', async () => {
    const tasks = [
      { a: { set: { id: 7 }, export: { as: '.' } } },
      { l: { listen: { to: { one: { with: { type: 't', data: '${ .id == $context.id }' } } } } } },
    ]
    const events = [event('t', { id: 6 }), event('t', { id: 7 })]
    expect(await output(tasks, { events })).toEqual([{ id: 7 }])
  })

  feature('event.extension-attribute', 'a filter may be on an extension', async () => {
    const events = [event('t', 1, { tenant: 'aarhus' }), event('t', 2, { tenant: 'odense' })]
    expect(await output(listen({ one: { with: { type: 't', tenant: 'odense' } } }), { events })).toEqual([2])
  })

  feature('event.filter', 'a filter needs at least one attribute', async () => {
    expect(await refused(listen({ one: { with: {} } }))).toContain('/do/0/l')
  })

  feature('event.correlate', 'events correlate to what is expected', async () => {
    const correlate = { order: { from: '.data.order', expect: '${ .order }' } }
    const events = [event('t', { order: 1 }), event('t', { order: 2 })]
    expect(await output(listen({ one: of('t', { correlate }) }), { events, input: { order: 2 } })).toEqual([
      { order: 2 },
    ])
  })

  feature('event.correlate', 'without expectation the first value is what the others must have', async () => {
    const correlate = { room: { from: '.data.room' } }
    const events = [event('a', { room: 1 }), event('b', { room: 2 }), event('b', { room: 1 })]
    expect(
      await output(listen({ all: [of('a', { correlate }), of('b', { correlate })] }), { events }),
    ).toEqual([{ room: 1 }, { room: 1 }])
  })

  feature(
    'listen.foreach',
    'its tasks run per event, in order, and their outputs make the list',
    async () => {
      const task = {
        listen: { to: { any: [of('n')], until: { one: of('stop') } } },
        foreach: { item: 'e', at: 'i', do: [{ x: { set: '${ [$e, $i, .] }' } }] },
      }
      const events = [event('n', 'a'), event('n', 'b'), event('stop', 0)]
      const ended = await run([{ l: task }], { events, input: 'in' })
      expect(ended.output).toEqual([
        ['a', 0, 'in'],
        ['b', 1, 'in'],
      ])
      expect(started(ended)).toEqual(['l', 'x', 'x'])
    },
  )

  feature('listen.foreach', 'an item has an output and an export of its own', async () => {
    const task = {
      listen: { to: { one: of('n') } },
      foreach: {
        do: [{ x: { set: { n: '${ $item }' } } }],
        output: { as: '.n + 1' },
        export: { as: '"seen"' },
      },
    }
    const tasks = [{ l: task }, { last: { set: '${ [., $context] }' } }]
    expect(await output(tasks, { events: [event('n', 1)] })).toEqual([[2], 'seen'])
  })

  feature('event.one', 'an event that a run emits reaches another branch that listens', async () => {
    const branches = [
      { hears: { listen: { to: { one: of('said') } } } },
      { says: { emit: { event: { with: { source: 'https://t.example', type: 'said', data: 'hello' } } } } },
    ]
    const tasks = [{ both: { fork: { branches }, output: { as: '.[0]' } } }]
    expect(await output(tasks)).toEqual(['hello'])
  })
})
