import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fullMatch } from './regex.ts'

describe('a bounded regular expression', () => {
  const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '(a|b)', '(?:ab)', '(a|)', 'é', '\\.')
  const times = fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}', '{0}', '{2,}', '*?')
  const pattern = fc.array(fc.tuple(piece, times), { maxLength: 5 }).map((parts) => parts.flat().join(''))
  const alternatives = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((all) => all.join('|'))

  test('matches what the language itself matches', () => {
    fc.assert(
      fc.property(
        alternatives,
        fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', 'é', '\n'), maxLength: 6 }),
        (text, subject) => {
          expect(fullMatch(text, subject)).toBe(new RegExp(`^(?:${text})$`, 'u').test(subject))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('nested repetition does not make it slow', () => {
    expect(fullMatch('(a+)+b', 'a'.repeat(5000))).toBe(false)
    expect(fullMatch('(a|a|a)*', 'a'.repeat(5000))).toBe(true)
  })

  test('repetition of repetition does not make it large', () => {
    expect(fullMatch('(((a{99}){99}){99}){99}', 'a')).toBeUndefined()
  })

  test.each(['(', ')', '[a', 'a{', '*', 'a**', '(?=a)', '\\1', 'a^b', '\\', '[b-a]', 'x'.repeat(1001)])(
    '%s is none',
    (text) => {
      expect(fullMatch(text, 'a')).toBeUndefined()
    },
  )

  test('anchors at the ends change nothing', () => {
    expect(fullMatch('^dk\\.andeby\\..*$', 'dk.andeby.form')).toBe(true)
  })

  test('a subject that is too long does not match', () => {
    expect(fullMatch('a*', 'a'.repeat(10_001))).toBe(false)
  })
})
