import { describe, expect, test } from 'vitest'
import { matches, typesOf, type EventFilter } from './events.ts'
import type { Json } from './json.ts'
import { event } from './testing/run-workflow.ts'

const order = event(
  'dk.andeby.order.placed',
  { amount: 40, lines: [{ sku: 'a' }] },
  { subject: '42', priority: 3, urgent: true },
)
const filter = (attributes: { [name: string]: Json }, rest: Partial<EventFilter> = {}): EventFilter => ({
  with: attributes,
  variables: {},
  ...rest,
})

describe('an event filter', () => {
  test.each([
    ['an equal text', { type: 'dk.andeby.order.placed' }],
    ['a regular expression that matches the whole', { type: 'dk\\.andeby\\.order\\.(placed|changed)' }],
    ['alternatives', { type: 'x|dk.andeby.order.placed' }],
    ['a condition on the attribute', { subject: '${ tonumber > 40 }' }],
    ['an expression that gives the value', { subject: '${ "4" + "2" }' }],
    ['a condition on the data', { data: '${ .amount > 38 }' }],
    ['data that gives something', { data: '${ .lines[0].sku }' }],
    ['a part of the data', { data: { amount: 40, lines: [{ sku: 'a|b' }] } }],
    ['a text that writes a number', { priority: '3' }],
    ['a number', { priority: 3 }],
    ['a boolean', { urgent: true }],
    ['nothing at all', {}],
  ])('takes %s', (_, attributes) => {
    expect(matches(filter(attributes as never), order)).toBe(true)
  })

  test.each([
    ['another text', { type: 'dk.andeby.order' }],
    ['a regular expression that matches a part', { type: 'order.*' }],
    ['a dot as any character', { type: 'dk.andeby.order-placed' }],
    ['an attribute that is not there', { nothing: 'x' }],
    ['what every object inherits', { constructor: '.*' }],
    ['a condition that fails', { subject: '${ .x.y }' }],
    ['a condition that does not compile', { subject: '${ | }' }],
    ['a condition on the data that does not hold', { data: '${ .amount > 40 }' }],
    ['data that gives null', { data: '${ .none }' }],
    ['other data', { data: { amount: 41 } }],
    ['more data than there is', { data: { amount: 40, other: null } }],
    ['one of two', { type: 'dk.andeby.order.placed', subject: '43' }],
  ])('does not take %s', (_, attributes) => {
    expect(matches(filter(attributes as never), order)).toBe(false)
  })

  test('sees the variables that were captured', () => {
    const given = filter(
      { data: '${ .amount == $context.amount }' },
      { variables: { context: { amount: 40 } } },
    )
    expect(matches(given, order)).toBe(true)
    expect(matches({ ...given, variables: { context: { amount: 1 } } }, order)).toBe(false)
  })

  test('correlates on what it expects, and on whatever there is before it expects anything', () => {
    const correlating = (correlation: { from: string; expect?: Json }) =>
      filter({}, { correlate: { id: correlation } })
    expect(matches(correlating({ from: '.subject' }), order)).toBe(true)
    expect(matches(correlating({ from: '.subject', expect: '42' }), order)).toBe(true)
    expect(matches(correlating({ from: '${ .priority }', expect: '3' }), order)).toBe(true)
    expect(matches(correlating({ from: '.subject', expect: '43' }), order)).toBe(false)
    expect(matches(correlating({ from: '.none' }), order)).toBe(false)
  })

  test('gives up on a pattern that takes too long, or is none', () => {
    const long = { ...order, subject: 'a'.repeat(5000) }
    for (const subject of ['(a+)+b', '(', '(?<', 'a{99999}{99999}'])
      expect(matches(filter({ subject }), long)).toBe(false)
  })

  test('takes data that came as bytes as base64', () => {
    const { id, source, type } = order
    const binary = { specversion: '1.0', id, source, type, data_base64: 'aGVq' } as const
    expect(matches(filter({ data: 'aGVq' }), binary)).toBe(true)
  })
})

test.each([
  ['dk.andeby.a', ['dk.andeby.a']],
  ['a|b', ['a', 'b']],
  ['${ "a.*" }', ['a.*']],
  ['dk\\.andeby\\..*', undefined],
  ['${ . == "a" }', undefined],
  [undefined, undefined],
])('the types that %s can match are %j', (type, expected) => {
  expect(typesOf(filter(type === undefined ? { source: 'x' } : { type }))).toEqual(expected)
})
