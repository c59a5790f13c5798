import { describe, expect, test } from 'vitest'
import { Attempts, networkOf } from './attempts.ts'

let now = 0
const open = () => new Attempts({ free: 3, window: 60_000, longestPause: 8000 }, () => now)
const pause = (attempts: Attempts, who: string) => {
  try {
    attempts.check(who)
    return 0
  } catch (error) {
    return (error as { data: unknown }).data
  }
}

describe('whoever keeps failing', () => {
  test('waits ever longer, up to a bound, and others do not', () => {
    const attempts = open()
    const pauses = Array.from({ length: 9 }, () => {
      attempts.failed('a')
      return pause(attempts, 'a')
    })
    expect(pauses).toEqual([0, 0, 1, 2, 4, 8, 8, 8, 8])
    expect(pause(attempts, 'b')).toBe(0)
    now += 8000
    expect(pause(attempts, 'a')).toBe(0)
  })

  test('is forgotten after a while', () => {
    const attempts = open()
    for (let at = 0; at < 5; at++) attempts.failed('a')
    now += 60_001
    expect(attempts.failed('a')).toBeUndefined()
    expect(pause(attempts, 'a')).toBe(0)
  })

  test('takes no more memory than there is for it, and those who fail most stay known', () => {
    const attempts = open()
    for (let at = 0; at < 30_000; at++) {
      attempts.failed(`other ${at}`)
      if (at % 1000 === 0) attempts.failed('a')
    }
    expect(attempts.size).toBe(10_000)
    expect(pause(attempts, 'a')).toBe(8)
  })
})

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('the address %s counts as %s', (address, network) => expect(networkOf(address)).toBe(network))
