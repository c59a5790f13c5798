import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matches, type CloudEvent, type EventFilter, type Json } from '../../workflow/index.ts'
import { hintOf, valueOf } from './wait-hints.ts'

const variables = { workflow: { id: 'w1' }, input: { n: 7, flag: true } }
const filter = (withs: { [name: string]: Json }, correlate?: EventFilter['correlate']): EventFilter => ({
  with: { type: 'go', ...withs },
  ...(correlate && { correlate }),
  variables,
})

describe('what a wait is found by', () => {
  it.each<[string, EventFilter, string, string]>([
    ['a literal attribute', filter({ subject: 'a.b/c' }), '@subject', 'a.b/c'],
    ["the run's data", filter({ subject: '${ $workflow.id }' }), '@subject', 'w1'],
    ["the run's data as text", filter({ subject: '${ "case-\\($input.n)" }' }), '@subject', 'case-7'],
    [
      'a correlation whose value is known',
      filter({}, { id: { from: '.data.id', expect: 7 } }),
      '=.data.id',
      '7',
    ],
    ['a constant', filter({ subject: '${ "a\\"b" }' }), '@subject', 'a"b'],
    ['a member of the data', filter({ data: { id: 7 } }), '.data.id', '7'],
    ['a condition on a member', filter({ data: '${ .case.id == $workflow.id }' }), '.data.case.id', 'w1'],
  ])('%s', (_, given, by, value) => {
    expect(hintOf(given)).toEqual({ by, value })
  })

  it.each<[string, EventFilter]>([
    ['only a type', filter({})],
    ['a pattern', filter({ subject: 'case-.*' })],
    ['alternatives', filter({ subject: 'a|b' })],
    ['a condition on the attribute', filter({ subject: '${ . == "a" }' })],
    ['an expression that the event decides', filter({ subject: '${ if . == "a" then . else "b" end }' })],
    ['a condition within the data', filter({ data: { id: '${ $input.n }' } })],
    ['a truth', filter({ subject: '${ $input.flag }' })],
    ['a correlation whose value is not known', filter({}, { id: { from: '.data.id' } })],
    ['a correlation that depends on the run', filter({}, { id: { from: '.data[$workflow.id]', expect: 1 } })],
  ])('nothing, where there is %s', (_, given) => {
    expect(hintOf(given).by).toBe('')
  })

  it('never keeps an event from a filter that takes it', () => {
    const scalar = fc.constantFrom<Json>('w1', 'w2', '7', 7, 'case-7', true, 'true', null)
    const expected = fc.constantFrom<Json>(
      'w1',
      '7',
      7,
      '${ $workflow.id }',
      '${ $input.n }',
      '${ $input.n | tostring }',
      '${ $input.flag }',
      'w.|7',
      '${ . }',
      '${ "case-\\($input.n)" }',
    )
    const filters = fc.oneof(
      expected.map((subject) => filter({ subject })),
      expected.map((id) => filter({ data: { id } })),
      expected.map((expect) => filter({}, { id: { from: '.data.id', expect } })),
      fc
        .constantFrom('$workflow.id', '$input.n', '"w1"')
        .map((right) => filter({ data: `\${ .id == ${right} }` })),
    )
    fc.assert(
      fc.property(filters, scalar, scalar, (given, subject, id) => {
        const event = {
          specversion: '1.0',
          id: '1',
          source: '/',
          type: 'go',
          subject,
          data: { id },
        } as unknown as CloudEvent
        const { by, value } = hintOf(given)
        if (by !== '' && matches(given, event)) expect(valueOf(by, event)).toBe(value)
      }),
    )
  })
})
