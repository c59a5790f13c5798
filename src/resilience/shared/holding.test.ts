import { describe, expect, it } from 'vitest'
import { holding, type Held } from './holding.ts'
import { noShare, type Share } from './state.ts'

const share = (has: number, wants: number): Share => ({ ...noShare(0), has, wants })

function held(mine: Share, others: readonly Share[], more: Partial<Held> = {}): Held {
  const shares = { me: mine, ...Object.fromEntries(others.map((each, at) => [`other ${at}`, each])) }
  const { has, wants } = mine
  return {
    ...{ process: 'me', has, hasSince: 0, needed: wants, surplusSince: undefined, shares, limit: 6 },
    ...more,
  }
}
const keeps = (given: Held, now: number) => holding(given, now).keeps

describe('a process', () => {
  it('keeps all that it has use for while nobody else wants it', () => {
    expect(holding(held(share(6, 9), [share(0, 0)]), 10_000)).toEqual({ keeps: 6, until: Infinity })
  })

  it('keeps what it does not use for a second, and hardly at all where others wait', () => {
    const idle = { surplusSince: 100 }
    const alone = held(share(4, 1), [share(1, 1)], idle)
    expect(holding(alone, 1099)).toEqual({ keeps: 4, until: 1100 })
    expect(keeps(alone, 1100)).toBe(1)
    const wanted = held(share(3, 1), [share(3, 5)], idle)
    expect(holding(wanted, 124)).toEqual({ keeps: 3, until: 125 })
    expect(keeps(wanted, 125)).toBe(1)
  })

  it('gives up at once what is more than its fair share', () => {
    expect(keeps(held(share(6, 9), [share(0, 9)]), 0)).toBe(3)
    expect(keeps(held(share(6, 9), [share(0, 1)]), 0)).toBe(5)
    expect(keeps(held(share(6, 9), [share(0, 9), share(0, 9)]), 0)).toBe(2)
  })

  it('has the odd place for a while, and then another has it', () => {
    const odd = held(share(3, 9), [share(2, 9)], { limit: 5, hasSince: 1000 })
    expect(holding(odd, 1199)).toEqual({ keeps: 3, until: 1200 })
    expect(keeps(odd, 1200)).toBe(2)
    expect(keeps(held(share(1, 3), [share(0, 3)], { limit: 1 }), 5000)).toBe(0)
  })

  it('gives up its part of what there may not be any more', () => {
    expect(keeps(held(share(3, 5), [share(3, 3)], { limit: 2 }), 5000)).toBe(1)
  })
})
