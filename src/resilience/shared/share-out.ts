import { noShare, type Share, type SharedBounds, type SharedState } from './state.ts'

/** What a process says of itself when it looks for more, or gives back. */
export interface Ask {
  /** Places that it keeps, of those that it has: never fewer than it has calls under way. */
  readonly keeps: number
  readonly wants: number
  readonly queued: number
  /** Of the calls that it was given leave to begin: those that have begun. */
  readonly used: number
  /** Calls that it wants leave to begin, beyond those that it has; 0 gives back what it has. */
  readonly needs: number
}

export interface Moment {
  readonly process: string
  readonly now: number
  /** Processes that are there. What others had is free. */
  readonly alive: ReadonlySet<string>
  readonly bounds: SharedBounds
}

/**
 * Gives back, asks, and shares out what is free among all who ask: not only to whoever computes this, so that what one
 * gives back is another one's in the same transaction. Changes `state`. Who is not there, or not yet, gets nothing: others
 * would take it for free, and share it out again.
 */
export function shareOut(state: SharedState, ask: Ask, moment: Moment): void {
  const { process, now, alive, bounds } = moment
  for (const name of Object.keys(state.shares)) if (!alive.has(name)) delete state.shares[name]
  if (!alive.has(process)) return
  const mine = (state.shares[process] ??= noShare(now))
  if (ask.wants > ask.keeps && mine.wants <= mine.has) mine.since = now
  mine.has = Math.min(mine.has, ask.keeps)
  mine.wants = ask.wants
  mine.queued = ask.queued
  mine.used = Math.max(mine.used, ask.used)
  if (ask.needs > 0 && mine.needs <= mine.granted - mine.used) mine.needsSince = now
  mine.needs = ask.needs
  if (bounds.concurrency !== undefined) sharePlaces(state, bounds.concurrency, now)
  if (bounds.perSecond === undefined) delete state.bucket
  else shareTokens(state, mine, bounds.perSecond, now)
  if (isNothing(mine)) delete state.shares[process]
}

/** One after the other, to whoever has the fewest of those who want more; of these to the one that waits longest. */
function sharePlaces({ shares }: SharedState, limit: number, now: number): void {
  const all = Object.values(shares)
  let free = limit - all.reduce((sum, { has }) => sum + has, 0)
  for (; free > 0; free--) {
    const next = all
      .filter(({ has, wants }) => wants > has)
      .sort((one, other) => one.has - other.has || one.since - other.since)[0]
    if (!next) return
    next.has += 1
    next.since = now
  }
}

/**
 * Never more than a second's worth is out or in the bucket together: so that over any time no more calls begin than
 * that and what the time has brought.
 */
function shareTokens(state: SharedState, mine: Share, perSecond: number, now: number): void {
  const all = Object.values(state.shares)
  const held = (share: Share) => share.granted - share.used
  const most = Math.max(1, perSecond)
  const out = () => all.reduce((sum, share) => sum + held(share), 0)
  const bucket = (state.bucket ??= { tokens: most - out(), filledAt: now })
  const elapsed = Math.max(0, now - bucket.filledAt)
  const room = () => Math.max(0, most - out())
  bucket.tokens = Math.min(room(), bucket.tokens + (elapsed / 1000) * perSecond)
  bucket.filledAt = Math.max(bucket.filledAt, now)
  if (mine.needs === 0) {
    bucket.tokens += held(mine)
    mine.used = mine.granted
  }
  while (bucket.tokens >= 1) {
    const next = all
      .filter((share) => share.needs > held(share))
      .sort((one, other) => one.needsSince - other.needsSince)[0]
    if (!next) return
    const given = Math.min(next.needs - held(next), Math.floor(bucket.tokens))
    next.granted += given
    next.needsSince = now
    bucket.tokens -= given
  }
}

/**
 * How many places are a process's own where all have use for more than there are: the places by the number of those who
 * want them, and what one does not want is the others'. May be a fraction; then who has the odd one changes in time.
 */
export function fairShare(
  shares: { readonly [process: string]: Share },
  process: string,
  limit: number,
): number {
  const wants = Object.values(shares)
    .map((share) => Math.max(share.wants, 0))
    .filter((each) => each > 0)
    .sort((one, other) => one - other)
  const own = shares[process]?.wants ?? 0
  let left = limit
  for (const [at, each] of wants.entries()) {
    const level = left / (wants.length - at)
    if (each > level) return Math.min(own, level)
    left -= each
  }
  return own
}

function isNothing({ has, wants, granted, used, needs }: Share): boolean {
  return has === 0 && wants === 0 && needs === 0 && granted === used
}
