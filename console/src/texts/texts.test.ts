import { describe, expect, test } from 'vitest'
import { da } from './da.ts'
import { en } from './en.ts'
import { formatsOf, fromDanishTime } from './formats.ts'

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort()

describe('the texts', () => {
  test('have the same keys in Danish and English, in the same order', () => {
    expect(Object.keys(en)).toEqual(Object.keys(da))
  })

  test('have the same values to fill in, and are not empty', () => {
    for (const [key, text] of Object.entries(da)) {
      expect(text.trim(), key).not.toBe('')
      expect(placeholders(en[key as keyof typeof en]), key).toEqual(placeholders(text))
    }
  })
})

describe('times', () => {
  const danish = formatsOf('da')

  test('are written as Danish time, winter and summer', () => {
    expect(danish.time('2026-01-15T11:00:00Z')).toContain('12.00.00')
    expect(danish.time('2026-07-15T11:00:00Z')).toContain('13.00.00')
    expect(formatsOf('en').time('2026-07-15T11:00:00Z')).toContain('13:00:00')
  })

  test('of a field are meant as Danish time', () => {
    expect(fromDanishTime('2026-01-15T12:00')).toBe('2026-01-15T11:00:00.000Z')
    expect(fromDanishTime('2026-07-15T12:00')).toBe('2026-07-15T10:00:00.000Z')
    expect(fromDanishTime('2026-03-29T03:30')).toBe('2026-03-29T01:30:00.000Z')
    expect(fromDanishTime('')).toBeUndefined()
    expect(fromDanishTime('x')).toBeUndefined()
  })

  test('between two moments are written in the unit that fits', () => {
    expect(danish.duration(412)).toBe('412 ms')
    expect(danish.duration(1500)).toBe('1,5 sek.')
    expect(danish.duration(90_000)).toBe('1 min. 30 sek.')
    expect(danish.duration(26 * 3_600_000)).toBe('1 dag 2 t.')
  })
})
