import type { TargetSettings } from './connections.ts'
import type { GuardClock } from './guard-clock.ts'
import type { Limits, LimitsSnapshot, Places, Slot } from './limits.ts'
import { keyOf, type Policy, type Target } from './policies.ts'
import type { BreakerSettings, BreakerSnapshot, CircuitBreaker } from './breaker.ts'

/** What a guard knows of one target: its policy, its breaker, its limits, who waits for them, and what was counted. */
export class TargetState {
  readonly key: string
  readonly target: Target
  readonly limits: Places
  readonly counts = { attempts: 0, failures: 0, retries: 0, postponed: 0 }
  readonly #clock: GuardClock
  readonly #longestWaitMs: number
  readonly #changed: () => void
  readonly #newBreaker: TargetParts['breaker']
  #policy: Policy
  #breaker: CircuitBreaker | undefined
  #settings: TargetSettings
  #queue: Waiter[] = []
  #changedLimits = false
  #stopTimer: (() => void) | undefined

  constructor(target: Target, policy: Policy, settings: TargetSettings, parts: TargetParts) {
    this.key = keyOf(target)
    this.target = target
    this.#policy = policy
    this.#clock = parts.clock
    this.#longestWaitMs = parts.longestWaitMs
    this.#changed = parts.changed
    this.#newBreaker = parts.breaker
    this.#breaker = policy.breaker && parts.breaker(policy.breaker)
    this.#settings = settings
    this.limits = parts.places(settings.limits, {
      queued: () => this.#queue.length,
      changed: () => {
        this.#serve()
        this.#changed()
      },
    })
  }

  get policy(): Policy {
    return this.#policy
  }

  get breaker(): CircuitBreaker | undefined {
    return this.#breaker
  }

  get whenOpen(): TargetSettings['whenOpen'] {
    return this.#settings.whenOpen
  }

  /** From now on this holds. What is known stays: an open breaker is open, limits of an operator are in force. */
  use(policy: Policy, settings: TargetSettings): void {
    this.#policy = policy
    this.#settings = settings
    if (!policy.breaker) this.#breaker = undefined
    else if (this.#breaker) this.#breaker.settings = policy.breaker
    else this.#breaker = this.#newBreaker(policy.breaker)
    if (!this.#changedLimits) this.limits.change(settings.limits)
    this.#serve()
    this.#changed()
  }

  /** Keeps the breaker open, lets go of it, or has all processes forget what it has counted. */
  control(what: 'hold' | 'release' | 'reset'): void {
    this.#breaker?.[what]()
    this.#changed()
  }

  /** Nothing of it is in use, and nothing is known that would change how it is called. */
  get forgettable(): boolean {
    const { running, pausedUntil } = this.limits.snapshot(this.#clock.now())
    const closed = this.breaker?.snapshot(this.#clock.now()).state ?? 'closed'
    return (
      running === 0 &&
      this.#queue.length === 0 &&
      pausedUntil === undefined &&
      closed === 'closed' &&
      !this.#changedLimits
    )
  }

  get name(): string {
    return this.target.name
  }

  /**
   * A place among the calls to this target, in the order in which they asked. Rejects with `NoPlace` where that is
   * not worth waiting for in memory: the queue is full, or the target wants to be left alone for long.
   */
  enter(signal: AbortSignal): Promise<Place> | Place {
    signal.throwIfAborted()
    if (this.#queue.length === 0) {
      const slot = this.limits.take(this.#clock.now())
      if (slot.taken) return this.#placeOf(slot)
      if (this.#isFar(slot.retryAt)) throw new NoPlace(slot.retryAt, 'takes no calls until then')
    }
    if (this.#queue.length >= this.#window)
      throw new NoPlace(undefined, this.limits.why ?? 'is as busy as it may be')
    return new Promise((resolve, reject) => {
      const leave = (): void => signal.removeEventListener('abort', stop)
      const waiter: Waiter = {
        serve: (slot) => {
          leave()
          resolve(this.#placeOf(slot))
        },
        refuse: (why) => {
          leave()
          reject(why)
        },
      }
      const stop = (): void => {
        this.#queue = this.#queue.filter((each) => each !== waiter)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#queue.push(waiter)
      this.#serve()
    })
  }

  /** Nobody waits in memory any more: the process is about to end, or the breaker has opened. */
  sendAway(why: Error): void {
    const waiting = this.#queue
    this.#queue = []
    for (const { refuse } of waiting) refuse(why)
  }

  /** The limits that hold now; `undefined` goes back to what the connection declares. */
  changeLimits(limits: Limits | undefined): void {
    this.#changedLimits = limits !== undefined
    this.limits.change(limits ?? this.#settings.limits)
    this.#serve()
    this.#changed()
  }

  /** How many calls may come now, and when to ask again where that is known (milliseconds since 1970). */
  room(): Room {
    const now = this.#clock.now()
    const breaker = this.breaker?.room(now) ?? { passes: Infinity }
    const pausedUntil = this.limits.snapshot(now).pausedUntil
    if (pausedUntil !== undefined) return { passes: 0, askAt: pausedUntil }
    const queued = this.#queue.length + (this.limits.queuedElsewhere ?? 0)
    const passes = Math.min(breaker.passes, Math.max(0, this.#window - queued))
    return { passes, ...(breaker.askAt !== undefined && { askAt: breaker.askAt }) }
  }

  snapshot(): TargetSnapshot {
    const now = this.#clock.now()
    return {
      key: this.key,
      kind: this.target.kind,
      name: this.name,
      ...(this.breaker && { breaker: this.breaker.snapshot(now) }),
      limits: this.limits.snapshot(now),
      queued: this.#queue.length,
      ...this.counts,
      policies: this.policy.origin,
    }
  }

  #placeOf({ release, lost }: Taken): Place {
    return {
      release: () => {
        release()
        this.#serve()
        this.#changed()
      },
      ...(lost && { lost }),
    }
  }

  #serve(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    while (this.#queue.length > 0) {
      const now = this.#clock.now()
      const slot = this.limits.take(now)
      if (slot.taken) {
        this.#queue.shift()?.serve(slot)
        continue
      }
      if (this.#isFar(slot.retryAt))
        return this.sendAway(new NoPlace(slot.retryAt, 'takes no calls until then'))
      if (slot.retryAt !== undefined) {
        this.#stopTimer = this.#clock.after(slot.retryAt - now, () => this.#serve())
      }
      return
    }
  }

  #isFar(retryAt: number | undefined): boolean {
    return retryAt !== undefined && retryAt - this.#clock.now() > this.#longestWaitMs
  }

  /** How many may wait in memory: as many as keep the target busy, and no more; the others wait on disk. */
  get #window(): number {
    const { concurrency = 0, perSecond = 0 } = this.limits.limits
    return Math.min(mostQueued, Math.max(leastQueued, concurrency, Math.ceil(perSecond / 4)))
  }
}

/** Calls at once to a target that declares nothing: as many as the client keeps connections open. */
export const defaultConcurrency = 32

const leastQueued = 8
const mostQueued = 64

export interface TargetParts {
  readonly clock: GuardClock
  readonly longestWaitMs: number
  /** There may be room that there was not before. */
  readonly changed: () => void
  readonly places: (limits: Limits, hooks: { queued: () => number; changed: () => void }) => Places
  readonly breaker: (settings: BreakerSettings) => CircuitBreaker
}

export interface Place {
  release(): void
  /** Aborts when the place is not certainly this call's own any more. */
  readonly lost?: AbortSignal
}

export interface Room {
  readonly passes: number
  readonly askAt?: number
}

export interface TargetSnapshot {
  /** Names it among all: `app:finance`, `component:outbound:orders`. */
  readonly key: string
  readonly kind: Target['kind']
  readonly name: string
  readonly breaker?: BreakerSnapshot
  readonly limits: LimitsSnapshot
  /** Calls in memory that wait for a place; further ones wait on disk. */
  readonly queued: number
  readonly attempts: number
  readonly failures: number
  readonly retries: number
  /** How often a call was put down on disk, to be made later. */
  readonly postponed: number
  readonly policies: Policy['origin']
}

/** There is no place among the calls to a target, now or soon. */
export class NoPlace extends Error {
  /** When there will be, where that is known; milliseconds since 1970. */
  readonly retryAt: number | undefined

  constructor(retryAt: number | undefined, why: string) {
    super(why)
    this.retryAt = retryAt
  }
}

type Taken = Extract<Slot, { taken: true }>

interface Waiter {
  serve(slot: Taken): void
  refuse(why: Error): void
}
