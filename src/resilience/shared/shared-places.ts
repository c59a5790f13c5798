import type { Member } from '../../members/index.ts'
import { TargetLimits, type Limits, type LimitsSnapshot, type Places, type Slot } from '../limits.ts'
import { holding, idleMs, othersWait, surplusMs, type Held } from './holding.ts'
import { shareOut, type Ask } from './share-out.ts'
import type { SharedTarget } from './shared-target.ts'
import type { Share, SharedState } from './state.ts'

export interface PlacesHooks {
  /** How many calls wait in memory for a place. */
  readonly queued: () => number
  /** There may be a place that there was not before. */
  readonly changed: () => void
}

/**
 * The limits of one target as this process has part of them. It holds places while it has use for them and a moment
 * longer, so that most calls ask nobody; it asks where it has too few, and gives back what others want and it does not
 * need, or has had for a while beyond its fair share. What a target declares no limit for is bounded in this process.
 */
export class SharedPlaces implements Places {
  readonly #target: SharedTarget
  readonly #member: Member
  readonly #hooks: PlacesHooks
  /** The limits as if this process were alone: what it may do at most, whatever others leave. */
  readonly #own: TargetLimits
  #declared: Limits
  #process = ''
  #running = 0
  #has = 0
  #granted = 0
  #used = 0
  /** Of what it has, what it may use: what is to be given back is not begun with. */
  #allowed = 0
  #keeping = Infinity
  #returning = false
  #hasSince = 0
  #surplusSince: number | undefined
  #exchanging = false
  #exchangedAt = -Infinity
  #failedAt = -Infinity
  #stopTimer: (() => void) | undefined
  #closed = false

  constructor(
    target: SharedTarget,
    member: Member,
    { limits, defaults }: { limits: Limits; defaults: Limits },
    hooks: PlacesHooks,
  ) {
    this.#target = target
    this.#member = member
    this.#hooks = hooks
    this.#declared = limits
    this.#own = new TargetLimits(alone(limits), defaults)
    this.#follow()
    target.attach('places', {
      follow: () => {
        this.#follow()
        hooks.changed()
        this.#consider()
      },
      waits: () => this.#isShared && hooks.queued() > 0,
      close: () => {
        this.#closed = true
        this.#stopTimer?.()
      },
    })
  }

  get limits(): Limits {
    return { ...this.#own.limits, ...this.#declared }
  }

  change(limits: Limits): void {
    this.#declared = limits
    this.#own.change(alone(limits))
    this.#consider()
  }

  take(now: number): Slot {
    const shared = this.#isShared
    const retryAt = this.#own.pausedUntil(now)
    if (retryAt !== undefined) return { taken: false, retryAt }
    if (shared && !this.#mayBegin) {
      this.#consider()
      return { taken: false, retryAt: this.#farToken(now) }
    }
    const slot = this.#own.take(now)
    if (!slot.taken) return slot
    this.#running += 1
    if (this.#declared.perSecond !== undefined) this.#used += 1
    return {
      taken: true,
      release: () => {
        this.#running -= 1
        slot.release()
        if (this.#isShared || this.#has > 0) this.#consider()
      },
      ...(shared && { lost: this.#member.lost }),
    }
  }

  pauseUntil(until: number): void {
    this.#own.pauseUntil(until)
    const at = this.#target.stored(until)
    const later = (state: SharedState) => {
      state.notBefore = Math.max(state.notBefore ?? 0, at)
    }
    // Where it cannot be told, at least this process leaves the target alone.
    this.#target.update(later).catch(() => {})
  }

  snapshot(now: number): LimitsSnapshot {
    return { ...this.#own.snapshot(now), ...this.#declared, running: this.#running }
  }

  get queuedElsewhere(): number {
    const { [this.#member.life]: _, ...others } = this.#target.ofPresent(this.#target.state.shares)
    return Object.values(others).reduce((sum, { queued }) => sum + queued, 0)
  }

  get why(): string | undefined {
    return this.#isShared && !this.#member.certain
      ? 'cannot be called: while the database is away nobody knows how many others call it'
      : undefined
  }

  get #mayBegin(): boolean {
    const { concurrency, perSecond } = this.#declared
    if (!this.#member.certain) return false
    if (concurrency !== undefined && this.#running >= Math.min(this.#has, this.#allowed, this.#keeping))
      return false
    return perSecond === undefined || (!this.#returning && this.#granted - this.#used >= 1)
  }

  /** When the next call may begin, where that is worth waiting for elsewhere. */
  #farToken(now: number): number | undefined {
    const { perSecond } = this.#declared
    if (perSecond === undefined || (this.#mine?.needs ?? 0) === 0) return undefined
    const at = this.#nextToken(perSecond)
    return at - now > idleMs ? at : undefined
  }

  get #isShared(): boolean {
    return this.#declared.concurrency !== undefined || this.#declared.perSecond !== undefined
  }

  get #mine(): Share | undefined {
    return this.#target.state.shares[this.#member.life]
  }

  get #needed(): number {
    return this.#running + this.#hooks.queued()
  }

  #follow(): void {
    const mine = this.#mine
    const has = mine?.has ?? 0
    if (has > this.#has) this.#hasSince = this.#target.clock.now()
    if (this.#process !== this.#member.life || !mine) this.#used = 0
    this.#process = this.#member.life
    this.#has = has
    this.#granted = mine?.granted ?? 0
    this.#used = Math.max(this.#used, mine?.used ?? 0)
    const { notBefore } = this.#target.state
    if (notBefore !== undefined) this.#own.pauseUntil(this.#target.local(notBefore))
    this.#allowed = this.#holding(this.#target.clock.now()).keeps
  }

  /** Asks, gives back, or sets the time at which there will be reason to. */
  #consider(): void {
    if (this.#closed || this.#exchanging) return
    this.#stopTimer?.()
    this.#stopTimer = undefined
    const now = this.#target.clock.now()
    const at = Math.max(this.#due(now), this.#failedAt + retryMs)
    if (at <= now) void this.#exchange()
    else if (at < Infinity) {
      this.#stopTimer = this.#target.clock.after(at - now, () => this.#consider())
    }
  }

  #due(now: number): number {
    const needed = this.#needed
    if (needed >= this.#has) this.#surplusSince = undefined
    else this.#surplusSince ??= now
    if (!this.#member.certain) return Infinity
    const { keeps, until } = this.#holding(now)
    this.#allowed = keeps
    const mine = this.#mine
    const since = (ms: number) => this.#exchangedAt + ms
    const { concurrency, perSecond } = this.#declared
    let at = until
    if (this.#has > Math.max(keeps, this.#running)) return now
    const wants = Math.min(needed, concurrency ?? 0)
    const asked = mine?.wants ?? 0
    if (wants > this.#has) {
      if (asked <= this.#has) return now
      at = Math.min(at, since(asked < wants ? askMoreMs : askAgainMs))
    } else if (asked > wants) at = Math.min(at, since(othersWait(this.#held) ? surplusMs : askMoreMs))
    if (perSecond === undefined) return at
    const held = this.#granted - this.#used
    if (this.#hooks.queued() > 0 && held < 1)
      return Math.min(
        at,
        (mine?.needs ?? 0) > held
          ? Math.max(since(surplusMs), Math.min(this.#nextToken(perSecond), since(askAgainMs)))
          : now,
      )
    const portion = Math.ceil(perSecond / portions)
    if (needed > 0 && portion >= worthAhead && held < portion / 2) return Math.min(at, since(askMoreMs))
    if (needed === 0 && (held >= 1 || (mine?.needs ?? 0) > 0))
      return Math.min(at, Math.max(since(idleMs), this.#usedAt + idleMs))
    return at
  }

  #holding(now: number): { keeps: number; until: number } {
    return holding(this.#held, now)
  }

  get #held(): Held {
    return {
      process: this.#process,
      has: this.#has,
      hasSince: this.#hasSince,
      needed: this.#needed,
      surplusSince: this.#surplusSince,
      shares: this.#target.state.shares,
      limit: this.#declared.concurrency ?? 0,
    }
  }

  get #usedAt(): number {
    return this.#surplusSince ?? -Infinity
  }

  /** About when the next call may begin, a little later in each process. */
  #nextToken(perSecond: number): number {
    const { bucket } = this.#target.state
    if (!bucket) return -Infinity
    const wait = Math.ceil(((1 - bucket.tokens) / perSecond) * 1000)
    return this.#target.local(bucket.filledAt + wait) + this.#target.random() * 10
  }

  async #exchange(): Promise<void> {
    this.#exchanging = true
    const { clock } = this.#target
    try {
      await this.#target.update((state, moment) => {
        const ask = this.#ask(clock.now())
        this.#keeping = ask.keeps
        this.#returning = ask.needs === 0
        shareOut(state, ask, { ...moment, bounds: this.#declared })
      })
      this.#keeping = Infinity
      this.#returning = false
      this.#failedAt = -Infinity
    } catch {
      // What was written, the next one finds; until then no more is begun than was to be kept.
      this.#failedAt = clock.now()
    }
    this.#exchanging = false
    this.#exchangedAt = clock.now()
    this.#hooks.changed()
    this.#consider()
  }

  #ask(now: number): Ask {
    const { concurrency, perSecond } = this.#declared
    const queued = this.#hooks.queued()
    const wants = Math.min(this.#needed, concurrency ?? 0)
    const keeps = concurrency === undefined ? 0 : Math.max(this.#holding(now).keeps, this.#running)
    const idle = this.#needed === 0 && now >= this.#usedAt + idleMs
    const most = Math.max(1, Math.floor(perSecond ?? 0))
    const needs =
      perSecond === undefined || idle ? 0 : Math.min(most, Math.max(queued, Math.ceil(perSecond / portions)))
    return { keeps, wants, queued, used: this.#used, needs }
  }
}

const askMoreMs = 100
/** Others give us what they give back; but one that has died gives nothing. */
const askAgainMs = 1000
const retryMs = 500
/** Leave to begin calls is taken for a tenth of a second's worth at a time. */
const portions = 10
/** From so many at a time on it is asked for more before there are none. */
const worthAhead = 4

/** What one process may do at most. A rate is shared, or not there. */
function alone({ concurrency }: Limits): Limits {
  return concurrency === undefined ? {} : { concurrency }
}
