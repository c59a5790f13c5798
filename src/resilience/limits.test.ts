import { describe, expect, it } from 'vitest'
import { parseRetryAfter, TargetLimits } from './limits.ts'

describe('limits of a target', () => {
  it('let no more calls run at once than allowed', () => {
    const limits = new TargetLimits({ concurrency: 2 })
    const first = limits.take(0)
    limits.take(0)
    expect(limits.take(0)).toEqual({ taken: false, retryAt: undefined })
    if (first.taken) first.release()
    expect(limits.take(0).taken).toBe(true)
  })

  it('release a slot once, however often it is asked for', () => {
    const limits = new TargetLimits({ concurrency: 1 })
    const slot = limits.take(0)
    if (slot.taken) {
      slot.release()
      slot.release()
    }
    expect(limits.snapshot(0).running).toBe(0)
  })

  it('let no more calls begin a second than allowed, over any stretch of time', () => {
    const limits = new TargetLimits({ perSecond: 5 })
    let begun = 0
    for (let now = 0; now <= 10_000; now += 10) {
      if (limits.take(now).taken) begun += 1
    }
    expect(begun).toBeLessThanOrEqual(55)
    expect(begun).toBeGreaterThanOrEqual(50)
  })

  it('say when to ask again', () => {
    const limits = new TargetLimits({ perSecond: 2 })
    limits.take(0)
    limits.take(0)
    const refused = limits.take(0)
    expect(refused).toEqual({ taken: false, retryAt: 500 })
    expect(limits.take(500).taken).toBe(true)
  })

  it('let nothing pass before the time that the target asked for', () => {
    const limits = new TargetLimits()
    limits.pauseUntil(3000)
    limits.pauseUntil(1000)
    expect(limits.take(2999)).toEqual({ taken: false, retryAt: 3000 })
    expect(limits.take(3000).taken).toBe(true)
  })

  it('change while in use', () => {
    const limits = new TargetLimits({ concurrency: 1 })
    limits.take(0)
    limits.change({ concurrency: 2 })
    expect(limits.take(0).taken).toBe(true)
    expect(limits.take(0).taken).toBe(false)
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 24)

  it('is seconds or a date', () => {
    expect(parseRetryAfter('120', now)).toBe(now + 120_000)
    expect(parseRetryAfter(new Date(now + 60_000).toUTCString(), now)).toBe(now + 60_000)
  })

  it('is never believed for more than a day', () => {
    expect(parseRetryAfter('99999999', now)).toBe(now + 86_400_000)
  })

  it.each([undefined, '', 'soon', '-5', '0'])('%j asks for nothing', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined()
  })
})
