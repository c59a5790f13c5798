import type { LivingMember, MemberStore } from './store.ts'

/** One that dies says nothing: it is missed so late at the latest. */
const everyMs = 1000
/** Much is committed that is not about processes: looks are so far apart. */
const gapMs = 50

/** Who lives, as of a moment ago: asked for again only where something was heard meanwhile, or after a second. */
export class Roster {
  readonly #store: MemberStore
  readonly #stopNews: () => void
  #known: readonly LivingMember[] | undefined
  #reading: Promise<readonly LivingMember[]> | undefined
  #readAt = -Infinity
  #news = false

  constructor(store: MemberStore) {
    this.#store = store
    this.#stopNews = store.onNews(() => (this.#news = true))
  }

  /** Rejects where that is to be asked, and the store is away. */
  async living(): Promise<readonly LivingMember[]> {
    const age = performance.now() - this.#readAt
    if (this.#known && age < (this.#news ? gapMs : everyMs)) return this.#known
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)))
  }

  close(): void {
    this.#stopNews()
  }

  async #read(): Promise<readonly LivingMember[]> {
    this.#news = false
    this.#known = undefined
    this.#readAt = performance.now()
    return (this.#known = await this.#store.living())
  }
}
