import type { Member } from '../../members/index.ts'
import type { GuardClock } from '../guard-clock.ts'
import type { Limits } from '../limits.ts'
import type { BreakerSettings } from '../breaker.ts'
import { SharedBreaker } from './shared-breaker.ts'
import { SharedPlaces, type PlacesHooks } from './shared-places.ts'
import { SharedTarget } from './shared-target.ts'
import type { SharedStore, StoredState } from './store.ts'

export interface SharingOptions {
  readonly store: SharedStore
  /** This process: what it has of targets is its own as long as it lives. Whoever made it has it leave, afterwards. */
  readonly member: Member
  readonly clock: GuardClock
  /** From 0 to 1. */
  readonly random: () => number
  /** The store is away, or there again: calls within limits wait meanwhile. */
  readonly onStore?: (state: 'away' | 'there', error?: unknown) => void
}

/**
 * What the guard of this process shares with those of others: places and rates of targets that have limits, pauses that
 * targets ask for, and breakers. All of it stands in a store; here is what this process knows of it.
 */
export class Sharing {
  readonly #options: SharingOptions
  readonly #member: Member
  readonly #targets = new Map<string, SharedTarget>()
  /** What is known of targets that nobody has called here yet. */
  readonly #unused = new Map<string, StoredState>()
  readonly #offset = { ms: 0 }
  readonly #present: { lives: ReadonlySet<string> | undefined } = { lives: undefined }
  #seenTo = 0
  #away = false
  #looking = false
  /** There was news while it looked. */
  #news = false
  #lookedAt = -Infinity
  #stopLook: { at: number; stop: () => void } | undefined
  #stopNews = () => {}
  #stopFollowing = () => {}
  #closed = false

  private constructor(options: SharingOptions) {
    this.#options = options
    this.#member = options.member
  }

  /** Rejects where the store is away. */
  static async open(options: SharingOptions): Promise<Sharing> {
    const sharing = new Sharing(options)
    const again = () => {
      for (const target of sharing.#targets.values()) target.again()
    }
    await options.store.tidy()
    await sharing.#look()
    sharing.#stopFollowing = options.member.follow({
      joined: () => {
        sharing.#told('there')
        again()
      },
      lost: again,
      trouble: (error) => sharing.#told('away', error),
    })
    sharing.#stopNews = options.store.onNews(() => sharing.#lookSoon())
    sharing.#lookLater()
    return sharing
  }

  /** What the other processes are told of this one's calls. */
  reports(report: () => unknown): void {
    this.#member.report(part, report)
  }

  /** What the other processes told of theirs, as they gave it to `reports`. */
  others(): Promise<readonly unknown[]> {
    return this.#member.reports(part)
  }

  places(key: string, limits: Limits, defaults: Limits, hooks: PlacesHooks): SharedPlaces {
    return new SharedPlaces(this.#target(key), this.#member, { limits, defaults }, hooks)
  }

  breaker(key: string, settings: BreakerSettings): SharedBreaker {
    return new SharedBreaker(this.#target(key), this.#member, settings)
  }

  forget(key: string): void {
    this.#targets.delete(key)
  }

  /** Nothing is given back: the process is about to leave. */
  close(): void {
    this.#closed = true
    this.#stopNews()
    this.#stopFollowing()
    this.#stopLook?.stop()
    for (const target of this.#targets.values()) target.close()
  }

  #target(key: string): SharedTarget {
    let target = this.#targets.get(key)
    if (!target) {
      const { store, clock, random } = this.#options
      const told = (state: 'away' | 'there', error?: unknown) => this.#told(state, error)
      const parts = {
        store,
        clock,
        random,
        member: this.#member,
        offset: this.#offset,
        present: this.#present,
        told,
      }
      target = new SharedTarget(key, parts)
      const known = this.#unused.get(key)
      if (known) target.take(known)
      this.#unused.delete(key)
      this.#targets.set(key, target)
    }
    return target
  }

  /** Much happens in the store that is none of ours: looks are some time apart, less where somebody waits. */
  #lookSoon(): void {
    if (this.#closed) return
    this.#news = this.#looking
    if (this.#looking) return
    const waits = [...this.#targets.values()].some((target) => target.waits)
    this.#lookAt(this.#lookedAt + (waits ? gapWhenWaiting : gap))
  }

  #lookLater(): void {
    if (!this.#closed) this.#lookAt(this.#lookedAt + this.#member.beatEvery)
  }

  #lookAt(at: number): void {
    if (this.#stopLook && this.#stopLook.at <= at) return
    this.#stopLook?.stop()
    const { clock } = this.#options
    const stop = clock.after(Math.max(0, at - clock.now()), () => {
      this.#stopLook = undefined
      void this.#look()
        .catch((error: unknown) => this.#told('away', error))
        .finally(() => (this.#news ? this.#lookSoon() : this.#lookLater()))
    })
    this.#stopLook = { at, stop }
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#options
    this.#looking = true
    this.#lookedAt = clock.now()
    try {
      const asked = clock.now()
      const { now, states } = await store.look(this.#seenTo - longestWriteMs)
      this.#offset.ms = now - (asked + clock.now()) / 2
      this.#seenTo = now
      this.#present.lives = new Set((await this.#member.living()).map(({ life }) => life))
      for (const stored of states) {
        const target = this.#targets.get(stored.key)
        if (target) target.take(stored)
        else this.#unused.set(stored.key, stored)
      }
    } finally {
      this.#looking = false
    }
  }

  #told(state: 'away' | 'there', error?: unknown): void {
    if (this.#closed || this.#away === (state === 'away')) return
    this.#away = state === 'away'
    this.#options.onStore?.(state, error)
  }
}

/** Under this name a process tells of its calls. */
const part = 'targets'
const gap = 200
const gapWhenWaiting = 20
/** A change is seen up to so long after the time that it bears. */
const longestWriteMs = 30_000
