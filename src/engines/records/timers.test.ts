import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { Timers } from './timers.ts'

const start = '2026-01-01T00:00:00Z'
const after = (ms: number) => new Date(Date.parse(start) + ms).toISOString()

describe('timers', () => {
  it('fire in the order of their times, and those that were stopped never', () => {
    const timers = fc.array(fc.record({ at: fc.nat(1000), stopped: fc.boolean() }), { maxLength: 200 })
    fc.assert(
      fc.property(timers, fc.array(fc.nat(1200)), (all, moves) => {
        const clock = new ManualClock(start)
        const { set } = withClock(clock)
        const fired: number[] = []
        for (const { at, stopped } of all) {
          const stop = set(Date.parse(start) + at + 1, () => fired.push(at))
          if (stopped) stop()
        }
        for (const move of [...moves].sort((a, b) => a - b)) {
          clock.moveTo(after(move))
          const due = all.filter(({ at, stopped }) => !stopped && at + 1 <= move).map(({ at }) => at)
          expect(fired).toEqual(due.sort((a, b) => a - b))
        }
      }),
    )
  })

  it('may set and stop timers while they fire', () => {
    const clock = new ManualClock(start)
    const { set } = withClock(clock)
    const fired: string[] = []
    const soon = Date.parse(start) + 10
    let stopSecond = () => {}
    set(soon, () => {
      fired.push('first')
      stopSecond()
      set(soon + 5, () => fired.push('third'))
    })
    stopSecond = set(soon + 1, () => fired.push('second'))
    clock.moveTo(after(12))
    clock.moveTo(after(20))
    expect(fired).toEqual(['first', 'third'])
  })
})

function withClock(clock: ManualClock): { set: Timers['set'] } {
  const timers = new Timers(clock)
  return { set: (at, wake) => timers.set(at, wake) }
}
