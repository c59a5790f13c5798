import type { Member } from '../../members/index.ts'
import type { GuardClock } from '../guard-clock.ts'
import { parseState, type SharedState } from './state.ts'
import type { SharedStore, StoredState } from './store.ts'

export interface TargetParts {
  readonly store: SharedStore
  readonly clock: GuardClock
  readonly random: () => number
  readonly member: Member
  /** By how many milliseconds the store's clock is ahead of this process's: for waiting, never for what is whose. */
  readonly offset: { readonly ms: number }
  /** Who was there a moment ago: for what may be wrong a little, never for what is whose. */
  readonly present: { lives: ReadonlySet<string> | undefined }
  readonly told: (state: 'away' | 'there', error?: unknown) => void
}

export interface Moment {
  readonly process: string
  /** By the store's clock. */
  readonly now: number
  readonly alive: ReadonlySet<string>
}

/** The part of a target that knows of its document. */
export interface Follower {
  /** The document is another one, or this process goes by another name. */
  readonly follow: () => void
  /** Whether somebody here waits for it to change. */
  readonly waits?: () => boolean
  readonly close?: () => void
}

/** One target's document as this process last saw it, and the way to change it. */
export class SharedTarget {
  readonly key: string
  readonly #parts: TargetParts
  readonly #followers = new Map<string, Follower>()
  #state: SharedState = { shares: {} }
  #version = -1

  constructor(key: string, parts: TargetParts) {
    this.key = key
    this.#parts = parts
  }

  get state(): SharedState {
    return this.#state
  }

  get clock(): GuardClock {
    return this.#parts.clock
  }

  get waits(): boolean {
    return [...this.#followers.values()].some((each) => each.waits?.() === true)
  }

  /** Of an entry for each process, those of processes that are there. */
  ofPresent<T>(entries: { readonly [process: string]: T }): { [process: string]: T } {
    const { lives } = this.#parts.present
    return Object.fromEntries(Object.entries(entries).filter(([process]) => lives?.has(process) ?? true))
  }

  random(): number {
    return this.#parts.random()
  }

  /** A time of the store's clock as this process's clock will show it; about. */
  local(time: number): number {
    return time - this.#parts.offset.ms
  }

  stored(time: number): number {
    return Math.round(time + this.#parts.offset.ms)
  }

  /** In the place of an earlier one of the name. */
  attach(name: string, follower: Follower): void {
    this.#followers.get(name)?.close?.()
    this.#followers.set(name, follower)
  }

  take({ version, state }: StoredState): void {
    if (version <= this.#version) return
    this.#version = version
    this.#state = parseState(state)
    this.again()
  }

  again(): void {
    for (const { follow } of this.#followers.values()) follow()
  }

  close(): void {
    for (const { close } of this.#followers.values()) close?.()
  }

  /**
   * Changes the document by `change`, which may be asked several times: each time of what there is. Rejects where the
   * store is away; then it may have been changed.
   */
  async update<T>(change: (state: SharedState, moment: Moment) => T): Promise<T> {
    const { store, member, clock, random, told } = this.#parts
    try {
      for (let tries = 0; ; tries++) {
        const { now, alive, stored } = await store.read(this.key)
        if (stored) this.take(stored)
        const state = parseState(stored?.state ?? nothing)
        const result = change(state, { process: member.life, now, alive })
        const text = JSON.stringify(state)
        if (text === (stored?.state ?? nothing)) return result
        const next = { key: this.key, version: Math.max((stored?.version ?? 0) + 1, now), state: text }
        if (await store.write(stored, next)) {
          this.take(next)
          told('there')
          return result
        }
        // Somebody else was quicker; so that not all try again at the same moment.
        await new Promise<void>((done) => clock.after(random() * Math.min(tries, 4) * 5, done))
      }
    } catch (error) {
      told('away', error)
      throw error
    }
  }
}

const nothing = JSON.stringify({ shares: {} } satisfies SharedState)
