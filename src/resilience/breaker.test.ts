import { describe, expect, it } from 'vitest'
import { Breaker } from './breaker.ts'
import { compileTrip } from './trip.ts'

const settings = {
  maxRequests: 1,
  intervalMs: 0,
  timeoutMs: 1000,
  trip: compileTrip('consecutiveFailures > 2'),
}

function call(breaker: Breaker, now: number, succeeds: boolean): 'passed' | 'refused' {
  const permit = breaker.admit(now)
  if (!permit.admitted) return 'refused'
  if (succeeds) permit.success(now)
  else permit.failure(now)
  return 'passed'
}

function opened(): Breaker {
  const breaker = new Breaker(settings)
  for (let i = 0; i < 3; i++) call(breaker, 0, false)
  return breaker
}

describe('a circuit breaker', () => {
  it('opens when its condition holds, and says when it will try again', () => {
    const breaker = opened()
    expect(breaker.snapshot(10)).toMatchObject({ state: 'open', retryAt: 1000 })
    expect(breaker.admit(10)).toEqual({ admitted: false, retryAt: 1000 })
  })

  it('stays closed while successes come between the failures', () => {
    const breaker = new Breaker(settings)
    for (let i = 0; i < 10; i++) call(breaker, i, i % 3 === 2)
    expect(breaker.snapshot(10).state).toBe('closed')
  })

  it('lets one call try when its time is up, and closes when that succeeds', () => {
    const breaker = opened()
    const trial = breaker.admit(1000)
    expect(breaker.admit(1000)).toMatchObject({ admitted: false })
    if (trial.admitted) trial.success(1001)
    expect(breaker.snapshot(1001).state).toBe('closed')
  })

  it('opens again for its whole time when the trial fails', () => {
    const breaker = opened()
    call(breaker, 1500, false)
    expect(breaker.snapshot(1500)).toMatchObject({ state: 'open', retryAt: 2500 })
  })

  it('does not count a call that began before it opened', () => {
    const breaker = new Breaker(settings)
    const slow = breaker.admit(0)
    for (let i = 0; i < 3; i++) call(breaker, 0, false)
    if (slow.admitted) slow.success(5)
    expect(breaker.snapshot(5).state).toBe('open')
  })

  it('forgets old failures after each interval', () => {
    const breaker = new Breaker({ ...settings, intervalMs: 100 })
    call(breaker, 0, false)
    call(breaker, 1, false)
    call(breaker, 150, false)
    expect(breaker.snapshot(150).state).toBe('closed')
  })

  it('stays open while an operator holds it, until it is reset', () => {
    const breaker = new Breaker(settings)
    breaker.hold()
    expect(breaker.admit(1e9)).toEqual({ admitted: false, retryAt: undefined })
    breaker.reset()
    expect(call(breaker, 1e9, true)).toBe('passed')
  })
})

describe('a trip condition', () => {
  it('is CEL over the counts', () => {
    const trip = compileTrip('requests >= 10 && totalFailures * 100 / requests >= 50')
    const counts = {
      requests: 10,
      totalSuccesses: 5,
      totalFailures: 5,
      consecutiveFailures: 1,
      consecutiveSuccesses: 0,
    }
    expect(trip(counts)).toBe(true)
    expect(trip({ ...counts, totalFailures: 4 })).toBe(false)
  })

  it('does not trip where it cannot be evaluated', () => {
    const trip = compileTrip('totalFailures / (requests - requests) > 1')
    expect(
      trip({
        requests: 1,
        totalSuccesses: 0,
        totalFailures: 1,
        consecutiveFailures: 1,
        consecutiveSuccesses: 0,
      }),
    ).toBe(false)
  })

  it.each(['consecutiveFailures >', 'failures > 5', 'requests + 1', '"yes"'])(
    'is refused at once: %s',
    (text) => {
      expect(() => compileTrip(text)).toThrow()
    },
  )
})
