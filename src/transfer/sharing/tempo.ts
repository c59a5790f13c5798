/** How quickly this process does parts, those counted that are under way at the same time. */
export class Tempo {
  #under = 0
  #ended = 0
  /** Milliseconds with something under way, up to `#since`; and since when there is. */
  #busyMs = 0
  #since = 0
  /** What it was when it was last known well. */
  #known: number | undefined

  begin(now: number): void {
    if (this.#under++ === 0) this.#since = now
  }

  end(now: number): void {
    this.#under -= 1
    this.#ended += 1
    this.#busyMs += now - this.#since
    this.#since = now
    if (this.#ended < enough) return
    this.#known = this.#busyMs / this.#ended
    this.#ended = 0
    this.#busyMs = 0
  }

  /**
   * Milliseconds for a part: of those that ended last, or more where what is under way shows it. `undefined` where too few
   * have ended, and it may be less than `least`.
   */
  perPart(now: number, least: number): number | undefined {
    const busy = this.#busyMs + (this.#under > 0 ? now - this.#since : 0)
    // As if all that is under way ended now.
    const atLeast = this.#ended + this.#under > 0 ? busy / (this.#ended + this.#under) : 0
    if (this.#known !== undefined) return Math.max(this.#known, atLeast)
    return atLeast >= least ? atLeast : undefined
  }

  /** How long it takes until that may be known, in milliseconds. */
  knownIn(now: number, least: number): number {
    const busy = this.#busyMs + (this.#under > 0 ? now - this.#since : 0)
    return Math.max(1, least * (this.#ended + this.#under) - busy)
  }
}

const enough = 4
