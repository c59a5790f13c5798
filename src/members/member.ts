import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import { Roster } from './roster.ts'
import type { Abilities, Identity, KnownMember, LivingMember, MemberStore, Said } from './store.ts'

/** How long a process that says nothing is thought to live, by the store's clock. */
const defaultPresentMs = 9000
/** For how much of that it thinks so itself: less, so that it has let go before others take over. */
const certainFor = 5 / 6
const beatsMeanwhile = 3.6
const againMs = 500

export interface MemberOptions {
  readonly store: MemberStore
  readonly role: string
  /** Of the product. */
  readonly version: string
  /** Default: host and process. */
  readonly name?: string
  /** How soon one that was killed is dead for the others. Default: 9 s. */
  readonly presentMs?: number
  /** Starts to measure; the answer tells the milliseconds since. Default: whichever of the system's clocks went further. */
  readonly stopwatch?: () => () => number
}

/** What somebody in this process wants to hear of it. */
export interface Follower {
  /** It lives, under a new name. */
  joined?(): void
  /** It may be thought dead: what it had is not its own any more. */
  lost?(): void
  trouble?(error: unknown): void
}

/**
 * This process among those of its installation. It lives as long as it says so in time; one that cannot, because it
 * stood still or the store is away, knows that by itself before the others do, and comes back as another one.
 */
export class Member {
  readonly identity: Identity
  readonly #store: MemberStore
  readonly #presentMs: number
  readonly #stopwatch: () => () => number
  readonly #roster: Roster
  readonly #followers = new Set<Follower>()
  readonly #reports = new Map<string, () => unknown>()
  #abilities: Abilities = {}
  #life = randomUUID() as string
  #lost = newController()
  #there = false
  #failing = false
  #closed = false
  #age: () => number = () => Infinity
  readonly #timers = new Set<NodeJS.Timeout>()

  /** Rejects where the store is away. */
  static async join(options: MemberOptions): Promise<Member> {
    const member = new Member(options)
    try {
      await member.#join()
    } catch (error) {
      member.abandon()
      throw error
    }
    return member
  }

  private constructor(options: MemberOptions) {
    const { store, role, version, name = `${hostname()}:${process.pid}` } = options
    const { presentMs = defaultPresentMs, stopwatch = systemStopwatch } = options
    const place = { host: hostname(), pid: process.pid, startedAt: Date.now() }
    this.identity = { id: randomUUID(), name, role, version, ...place }
    this.#store = store
    this.#presentMs = presentMs
    this.#stopwatch = stopwatch
    this.#roster = new Roster(store)
  }

  /** What this process is called as long as it is certain to live; others give it what it may use by this name. */
  get life(): string {
    return this.#life
  }

  /** Whether what was given to this life is certainly still its own. */
  get certain(): boolean {
    return this.#there && this.#age() < this.#certainMs
  }

  /** Whether the store took the last sign of life, a moment ago. */
  get heard(): boolean {
    return this.certain && !this.#failing
  }

  /** Aborts when what is this life's own now is not any more. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get beatEvery(): number {
    return this.#presentMs / beatsMeanwhile
  }

  get #certainMs(): number {
    return this.#presentMs * certainFor
  }

  /** Who lives, this process included; as of a moment ago. Rejects where the store is away. */
  living(): Promise<readonly LivingMember[]> {
    return this.#roster.living()
  }

  /** This process and all others, those that died within a day included; the newest first. */
  all(): Promise<readonly KnownMember[]> {
    return this.#store.all()
  }

  /** What the others that live told last under this name. */
  async reports(part: string): Promise<readonly unknown[]> {
    const others = (await this.all()).filter(({ id, lives }) => lives && id !== this.identity.id)
    return others.flatMap(({ report }) => (report[part] === undefined ? [] : [report[part]]))
  }

  /** What the others are told of this process with each sign of life. */
  report(part: string, report: () => unknown): void {
    this.#reports.set(part, report)
  }

  /** Changes what it can do; resolves when the others know. While it is not certain to live, that is told when it is. */
  async can(change: Abilities): Promise<void> {
    this.#abilities = { ...this.#abilities, ...change }
    await this.tell()
  }

  /** Gives a sign of life now, of which the others hear at once. */
  async tell(): Promise<void> {
    if (this.#there && !this.#closed) await this.#beat(true)
  }

  /** Returns how to stop. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** Lets others have at once what it had. */
  async leave(): Promise<void> {
    this.abandon()
    this.#there = false
    await this.#store.leave(this.identity.id).catch(() => {})
  }

  /** Says nothing more, and gives nothing back: as when the process is killed. */
  abandon(): void {
    this.#closed = true
    this.#stop()
    this.#roster.close()
  }

  async #join(): Promise<void> {
    const age = this.#stopwatch()
    await this.#store.join(this.identity, this.#life, this.#said(), this.#presentMs)
    if (this.#closed) return this.#store.leave(this.identity.id)
    this.#there = true
    this.#failing = false
    this.#keep(age)
    if (this.#there) for (const each of this.#followers) each.joined?.()
  }

  #keep(age: () => number): void {
    this.#age = age
    this.#stop()
    const left = this.#certainMs - age()
    if (left <= 0) return this.#lose()
    this.#after(left, () => this.#lose())
    this.#after(this.beatEvery, () => this.#renew())
  }

  #renew(): void {
    this.#beat(false).catch((error: unknown) => {
      this.#trouble(error)
      if (this.#there && !this.#closed) this.#after(againMs, () => this.#renew())
    })
  }

  async #beat(news: boolean): Promise<void> {
    const life = this.#life
    const age = this.#stopwatch()
    const kept = await this.#store.renew(life, this.#said(), this.#presentMs, news)
    if (life !== this.#life || this.#closed) return
    this.#failing = false
    if (kept) this.#keep(age)
    else this.#lose()
  }

  #lose(): void {
    this.#stop()
    this.#there = false
    this.#life = randomUUID()
    const lost = this.#lost
    this.#lost = newController()
    lost.abort(new Error('this process cannot be certain any more that it is known to live'))
    for (const each of this.#followers) each.lost?.()
    // What is under way and ends now has as long for it as if this process did not come back.
    this.#after(Math.max(0, this.#presentMs - this.#age()), () => this.#rejoin())
  }

  #rejoin(): void {
    if (this.#closed) return
    this.#join().catch((error: unknown) => {
      this.#trouble(error)
      // Under yet another name: whether that one is there is not known.
      this.#life = randomUUID()
      if (!this.#closed) this.#after(againMs, () => this.#rejoin())
    })
  }

  #trouble(error: unknown): void {
    this.#failing = true
    for (const each of this.#followers) each.trouble?.(error)
  }

  #said(): Said {
    const report = Object.fromEntries([...this.#reports].map(([part, told]) => [part, told()]))
    return { abilities: this.#abilities, report }
  }

  #after(ms: number, what: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      what()
    }, ms).unref()
    this.#timers.add(timer)
  }

  #stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}

/** All that is under way listens to it: that is no leak. */
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
