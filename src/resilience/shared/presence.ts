import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { GuardClock } from '../guard-clock.ts'
import type { SharedStore } from './store.ts'

/** How long a process that says nothing is thought to be there, by the store's clock. */
const defaultPresentMs = 9000
/** For how much of that it thinks so itself: less, so that it has let go before others take over. */
const certainFor = 5 / 6
const renewalsMeanwhile = 3.6
const rejoinEvery = 500

export interface PresenceOptions {
  readonly store: SharedStore
  readonly clock: GuardClock
  /** How soon what a process had that was killed is the others'. Default: 9 s. */
  readonly presentMs?: number
  /** Starts to measure; the answer tells the milliseconds since. Default: whichever of the system's clocks went further. */
  readonly stopwatch?: () => () => number
  readonly report: () => string
  /** It is there, under a new name. */
  readonly joined: () => void
  /** It may be thought dead: what it had is not its own any more. */
  readonly lost: () => void
  readonly trouble: (error: unknown) => void
}

/**
 * This process among those that share targets. It is there as long as it says so in time; one that cannot, because it
 * stood still or the store is away, knows that by itself before the others do, and comes back as another one.
 */
export class Presence {
  readonly #options: PresenceOptions
  #id = randomUUID() as string
  #lost = newController()
  #there = false
  #closed = false
  #age: () => number = () => Infinity
  #stopTimers: (() => void)[] = []

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  get renewEvery(): number {
    return this.#presentMs / renewalsMeanwhile
  }

  get #presentMs(): number {
    return this.#options.presentMs ?? defaultPresentMs
  }

  get #certainMs(): number {
    return this.#presentMs * certainFor
  }

  get id(): string {
    return this.#id
  }

  /** Whether what was given to this process is certainly still its own. */
  get certain(): boolean {
    return this.#there && this.#age() < this.#certainMs
  }

  /** Aborts when what is this process's own now is not any more. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Rejects where the store is away. */
  async open(): Promise<void> {
    await this.#join()
  }

  /** Lets others have at once what it had. */
  async close(): Promise<void> {
    this.abandon()
    if (!this.#there) return
    this.#there = false
    await this.#options.store.leave(this.#id).catch(() => {})
  }

  abandon(): void {
    this.#closed = true
    this.#stop()
  }

  async #join(): Promise<void> {
    const age = this.#stopwatch()
    await this.#options.store.join(this.#id, this.#presentMs)
    if (this.#closed) return void (await this.#options.store.leave(this.#id))
    this.#there = true
    this.#keep(age)
    this.#options.joined()
  }

  #keep(age: () => number): void {
    this.#age = age
    this.#stop()
    const { clock } = this.#options
    const left = this.#certainMs - age()
    if (left <= 0) return this.#lose()
    this.#stopTimers = [
      clock.after(left, () => this.#lose()),
      clock.after(this.renewEvery, () => void this.#renew()),
    ]
  }

  async #renew(): Promise<void> {
    const { store, report, trouble, clock } = this.#options
    const id = this.#id
    const age = this.#stopwatch()
    try {
      const kept = await store.renew(id, this.#presentMs, report())
      if (id !== this.#id || this.#closed) return
      if (kept) this.#keep(age)
      else this.#lose()
    } catch (error) {
      trouble(error)
      if (id === this.#id && !this.#closed)
        this.#stopTimers.push(clock.after(rejoinEvery, () => void this.#renew()))
    }
  }

  #lose(): void {
    this.#stop()
    this.#there = false
    this.#id = randomUUID()
    const lost = this.#lost
    this.#lost = newController()
    lost.abort(new PlaceLost())
    this.#options.lost()
    this.#rejoin()
  }

  #rejoin(): void {
    if (this.#closed) return
    this.#join().catch((error: unknown) => {
      this.#options.trouble(error)
      // Under yet another name: whether that one is there is not known.
      this.#id = randomUUID()
      if (!this.#closed) this.#stopTimers.push(this.#options.clock.after(rejoinEvery, () => this.#rejoin()))
    })
  }

  #stop(): void {
    for (const stop of this.#stopTimers.splice(0)) stop()
  }

  #stopwatch(): () => number {
    return (this.#options.stopwatch ?? systemStopwatch)()
  }
}

/** Every call under way listens to it: that is no leak. */
function newController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** One of them stands still while the machine does, the other one may be set. */
function systemStopwatch(): () => number {
  const wall = Date.now()
  const running = performance.now()
  return () => Math.max(Date.now() - wall, performance.now() - running)
}

/** This process cannot be certain any more that its place among the calls to a target is its own. */
export class PlaceLost extends Error {
  readonly code = 'SLUSE-PLACE-LOST'

  constructor(target = 'the target') {
    super(`the place among the calls to ${target} is not certain any more`)
    this.name = 'PlaceLost'
  }
}
