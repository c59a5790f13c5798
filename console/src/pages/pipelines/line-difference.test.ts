import { expect, test } from 'vitest'
import { lineDifference } from './line-difference.ts'

const shown = (before: string, after: string) =>
  lineDifference(before, after).map(
    ({ kind, text }) => `${{ same: ' ', added: '+', removed: '-' }[kind]}${text}`,
  )

test('what is the same in both texts stays', () => {
  expect(shown('a\nb\nc', 'a\nb\nc')).toEqual([' a', ' b', ' c'])
})

test('what was changed is removed and added where it stood', () => {
  expect(shown('a\nb\nc\nd', 'a\nB\nc\nd\ne')).toEqual([' a', '-b', '+B', ' c', ' d', '+e'])
  expect(shown('x\na\nb', 'a\nb\ny')).toEqual(['-x', ' a', ' b', '+y'])
})

test('lines have the numbers of the text that they stand in', () => {
  expect(lineDifference('a\nb', 'n\na\nb').map(({ number }) => number)).toEqual([1, 2, 3])
})

test('texts that are too long to compare are removed and added whole', () => {
  const long = (word: string) => Array.from({ length: 5000 }, (_, index) => `${word}${index}`).join('\n')
  const lines = lineDifference(long('a'), long('b'))
  expect(lines).toHaveLength(10_000)
})
