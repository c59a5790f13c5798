import { fairShare } from './share-out.ts'
import type { Share } from './state.ts'

/** What a process has of one target's places, and since when. */
export interface Held {
  readonly process: string
  readonly has: number
  /** When it last was given more. */
  readonly hasSince: number
  /** Calls under way, and those that wait. */
  readonly needed: number
  /** Since when it has had more than it needs. */
  readonly surplusSince: number | undefined
  readonly shares: { readonly [process: string]: Share }
  readonly limit: number
}

/** How much of it the process keeps, and when that will be less if nothing happens. Times by its own clock. */
export function holding(held: Held, now: number): { keeps: number; until: number } {
  const { process, has, hasSince, needed, surplusSince, shares, limit } = held
  const waiting = othersWait(held)
  let keeps = has
  let until = Infinity
  if (surplusSince !== undefined && needed < keeps) {
    const ends = surplusSince + (waiting ? surplusMs : idleMs)
    if (now >= ends) keeps = needed
    else until = ends
  }
  const mine = shares[process]
  if (!waiting || keeps === 0 || !mine) return { keeps, until }
  const wants = Math.max(needed, keeps)
  const fair = fairShare({ ...shares, [process]: { ...mine, wants } }, process, limit)
  keeps = Math.min(keeps, Math.ceil(fair))
  if (keeps > fair) {
    const ends = hasSince + turnMs
    if (now >= ends) keeps = Math.floor(fair)
    else until = Math.min(until, ends)
  }
  return { keeps, until }
}

/** Others want more than they have; or more is held than there may be, since the limit was lowered. */
export function othersWait({ process, has, shares, limit }: Held): boolean {
  let sum = has
  for (const [other, share] of Object.entries(shares)) {
    if (other === process) continue
    if (share.wants > share.has) return true
    sum += share.has
  }
  return sum > limit
}

/** Places that are not used are kept for so long: the next call may be on its way. */
export const idleMs = 1000
/** The same where others wait for them. */
export const surplusMs = 25
/** How long one may have more than its fair share because the places do not divide. */
const turnMs = 200
