import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundedPattern } from './patterns.ts'

const piece = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '[a\\d]',
  '\\d',
  '\\w',
  '\\W',
  '(a|b)',
  '(?:ab)',
  '(a|)',
  'é',
  '\\.',
  '^',
  '$',
  '[0-9]{2}',
)
const times = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{2,}')
const patternOf = (most: number) =>
  fc
    .array(fc.tuple(piece, times), { maxLength: most })
    .map((parts) =>
      parts
        .map(([one, many]) => (one === '^' || one === '$' ? one : one.endsWith('}') ? one : one + many))
        .join(''),
    )
const subject = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', 'é', '\n', '٣'), maxLength: 6 })

describe('a bounded pattern', () => {
  test('matches what the language itself matches', () => {
    fc.assert(
      fc.property(patternOf(5), subject, (text, value) => {
        expect(boundedPattern(text).test(value)).toBe(new RegExp(text, 'u').test(value))
      }),
      { numRuns: 2000 },
    )
  })

  test('matches the same in a long subject', () => {
    fc.assert(
      // The language's own takes minutes with more pieces that each match all of it.
      fc.property(patternOf(2), subject, (text, value) => {
        const long = value + '-'.repeat(1001)
        expect(boundedPattern(text).test(long)).toBe(new RegExp(text, 'u').test(long))
      }),
      { numRuns: 500 },
    )
  })

  test.each(['(a+)+$', '(a|a)*$', '(a|aa)+$', 'a*a*a*a*a*a*a*$', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    '%s ends soon',
    (text) => {
      expect(boundedPattern(text).test(`${'a'.repeat(3000)}!`)).toBe(false)
    },
  )

  test('the ends of the text are not the ends of its lines', () => {
    expect(boundedPattern('^([0-9]{3}|x)+$').test('123\nevil')).toBe(false)
    expect(boundedPattern('^([0-9]{3}|x)+$').test('123x456')).toBe(true)
  })

  test('what is no pattern is refused', () => {
    expect(() => boundedPattern('(')).toThrow(SyntaxError)
  })
})
