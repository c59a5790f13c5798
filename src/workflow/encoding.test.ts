import fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64, percentEncode } from './encoding.ts'

test('base64 is of the UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(base64(text)).toBe(Buffer.from(text, 'utf8').toString('base64'))
    }),
  )
})

test('percent-encoding leaves only unreserved characters, and decodes to what it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const encoded = percentEncode(text)
      expect(encoded).toMatch(/^([A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/)
      expect(decodeURIComponent(encoded)).toBe(wellFormed(text))
    }),
  )
})

/** As it can be written in UTF-8: a lone surrogate becomes U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}
