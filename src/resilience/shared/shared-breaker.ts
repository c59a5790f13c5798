import type { Member } from '../../members/index.ts'
import { Breaker, type BreakerSettings, type BreakerSnapshot, type CircuitBreaker } from '../breaker.ts'
import type { BreakerState, Permit, Refusal } from '../breaker.ts'
import { begin, breakerOf, end, reset, trialsLeft, trip } from './breaker-state.ts'
import type { Moment, SharedTarget } from './shared-target.ts'
import type { SharedBreakerState, SharedState } from './state.ts'

/**
 * The breaker of one target for all processes. While it is closed each counts for itself; the first whose counts trip
 * opens it for all, and the calls that then try whether the target is back are as many as one process would make.
 */
export class SharedBreaker implements CircuitBreaker {
  readonly #target: SharedTarget
  readonly #member: Member
  readonly #counting: Breaker
  #turn: number
  #held = false
  /** What this process has changed it to, until that is written. */
  #ahead: SharedBreakerState | undefined

  constructor(target: SharedTarget, member: Member, settings: BreakerSettings) {
    this.#target = target
    this.#member = member
    this.#counting = new Breaker(settings)
    this.#turn = breakerOf(target.state).turn
    target.attach('breaker', { follow: () => this.#follow() })
  }

  get settings(): BreakerSettings {
    return this.#counting.settings
  }

  set settings(settings: BreakerSettings) {
    this.#counting.settings = settings
  }

  admit(now: number): Permit | Refusal | Promise<Permit | Refusal> {
    if (this.#held) return { admitted: false, retryAt: undefined }
    const { state, turn, until = 0 } = this.#now
    if (state === 'closed') return this.#counted(this.#counting.admit(now), turn)
    const retryAt = this.#target.local(until)
    if (state === 'open' && now < retryAt) return { admitted: false, retryAt }
    return this.#trial(now)
  }

  get state(): BreakerState {
    return this.#held ? 'held' : this.#now.state
  }

  room(now: number): { passes: number; askAt?: number } {
    const breaker = this.#now
    if (this.#held) return { passes: 0 }
    if (breaker.state === 'closed') return { passes: Infinity }
    const askAt = this.#target.local(breaker.until ?? 0)
    if (breaker.state === 'open' && now < askAt) return { passes: 0, askAt }
    const trials = this.#target.ofPresent(breaker.trials)
    return { passes: Math.max(0, trialsLeft({ ...breaker, trials }, this.settings.maxRequests)) }
  }

  snapshot(now: number): BreakerSnapshot {
    const { state } = this
    const counts = this.#counting.snapshot(now)
    if (state !== 'open') return { ...counts, state }
    return { ...counts, state, retryAt: Math.round(this.#target.local(this.#now.until ?? 0)) }
  }

  /** For all processes. */
  reset(): void {
    this.release()
    this.#change(reset(this.#now), (before) => reset(before))
  }

  /** In this process: each is told by itself. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#counting.reset()
  }

  get #now(): SharedBreakerState {
    return this.#ahead ?? breakerOf(this.#target.state)
  }

  #follow(): void {
    const { turn } = breakerOf(this.#target.state)
    if (turn !== this.#turn) this.#counting.reset()
    this.#turn = turn
  }

  /** A call while it is closed: where it is the one that trips, it opens for all. */
  #counted(permit: Permit | Refusal, turn: number): Permit | Refusal {
    if (!permit.admitted) return permit
    return {
      ...permit,
      failure: (at) => {
        permit.failure(at)
        if (this.#counting.state !== 'open') return
        this.#counting.reset()
        const until = this.#target.stored(at + this.settings.timeoutMs)
        this.#change(trip(this.#now, turn, until), (before) => trip(before, turn, until))
      },
    }
  }

  async #trial(now: number): Promise<Permit | Refusal> {
    const most = this.settings.maxRequests
    const asks = (state: SharedState, { process, ...moment }: Moment) => {
      const { after, may } = begin(breakerOf(state), process, { ...moment, most })
      if (after !== breakerOf(state)) state.breaker = after
      return { may, after, process }
    }
    const later = { admitted: false, retryAt: now + trialPollMs } as const
    const answer = await this.#target.update(asks).catch(() => undefined)
    if (!answer?.may) return later
    const { after, process } = answer
    if (after.state === 'closed') return this.#counted(this.#counting.admit(now), after.turn)
    let settled = false
    const settle = (went: boolean | undefined, at: number) => {
      if (settled) return
      settled = true
      const until = this.#target.stored(at + this.settings.timeoutMs)
      const trial = { turn: after.turn, went, until, most }
      this.#change(end(this.#now, process, trial), (before) => end(before, process, trial))
    }
    return {
      admitted: true,
      trial: true,
      success: (at) => settle(true, at),
      failure: (at) => settle(false, at),
      withdraw: () => settle(undefined, 0),
    }
  }

  /** Here at once, and for all as soon as it can be written; not any more where that came too late. */
  #change(ahead: SharedBreakerState, change: (before: SharedBreakerState) => SharedBreakerState): void {
    this.#ahead = ahead
    const write = async (): Promise<void> => {
      for (let tries = 0; tries < mostTries; tries++) {
        try {
          return await this.#target.update((state) => {
            const after = change(breakerOf(state))
            if (after !== breakerOf(state)) state.breaker = after
          })
        } catch {
          await new Promise<void>((done) => this.#target.clock.after(retryMs, done))
        }
      }
    }
    void write().finally(() => {
      if (this.#ahead === ahead) this.#ahead = undefined
      this.#target.again()
    })
  }
}

/** How soon one who found all trials taken may ask again. */
const trialPollMs = 250
const retryMs = 1000
const mostTries = 60
