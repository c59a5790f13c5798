import { describe, expect, test } from 'vitest'
import { Worth } from './worth.ts'

describe('handing parts over', () => {
  /** Parts that take so long, so many at a time; gives when the last has ended. */
  function does(worth: Worth, count: number, ms: number, atATime = 1, from = 0): number {
    let now = from
    for (let done = 0; done < count; done += atATime) {
      for (let at = 0; at < atATime; at++) worth.begin(now)
      now += ms
      for (let at = 0; at < atATime; at++) worth.end(now)
    }
    return now
  }

  test('is of no use where this process does them quickly, also because it does many at a time', () => {
    const quick = new Worth(20, 16)
    expect(quick.of(does(quick, 4, 5), false)).toBe(false)
    const many = new Worth(20, 16)
    expect(many.of(does(many, 8, 60, 4), false)).toBe(false)
  })

  test('is of use where they take their time, which is known before the first has ended', () => {
    const slow = new Worth(20, 16)
    slow.begin(0)
    slow.begin(0)
    expect(slow.of(30, false)).toBeUndefined()
    expect(slow.knownIn(30)).toBe(10)
    expect(slow.of(40, false)).toBe(true)
  })

  test('is of use again when what was quick has become slow', () => {
    const worth = new Worth(20, 16)
    const then = does(worth, 4, 5)
    worth.begin(then)
    expect(worth.of(then + 10, false)).toBe(false)
    expect(worth.of(then + 25, false)).toBe(true)
  })

  test('is of no use where others answer later than this process could wait, and is tried again with one', () => {
    const worth = new Worth(20, 4)
    const now = does(worth, 4, 50)
    worth.asked(now)
    worth.answered(now + 200, now)
    expect(worth.of(now + 200, true)).toBe(true)
    worth.answered(now + 1000, now)
    expect(worth.of(now + 1000, true)).toBe(false)
    expect(worth.of(now + 1000, false)).toBe(false)
    expect(worth.of(now + 10_000, true)).toBe(false)
    expect(worth.of(now + 10_000, false)).toBe(true)
  })

  test('is always of use where nothing else is said', () => {
    expect(new Worth(0, 4).of(0, true)).toBe(true)
  })
})
