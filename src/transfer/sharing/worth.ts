/** Whether it is of use to hand parts of a job over: by how quickly this process does them, and the others answer. */
export class Worth {
  /** What is done more quickly here, in milliseconds a part, is not handed over; 0: all is. */
  readonly #least: number
  /** How many parts may be ahead of the one that is waited for. */
  readonly #ahead: number
  #under = 0
  #ended = 0
  /** Milliseconds with something under way here, up to `#since`; and since when there is. */
  #busyMs = 0
  #since = 0
  /** Milliseconds for a part here when that was last known well, those counted that are under way at the same time. */
  #perPart: number | undefined
  /** Milliseconds until a part was back that was handed over. */
  #answer = 0
  #askedAt = 0

  constructor(least: number, ahead: number) {
    this.#least = least
    this.#ahead = ahead
  }

  /** A part is begun here. All times are by `performance.now()`. */
  begin(now: number): void {
    if (this.#under++ === 0) this.#since = now
  }

  end(now: number): void {
    this.#under -= 1
    this.#ended += 1
    this.#busyMs += now - this.#since
    this.#since = now
    if (this.#ended < enough) return
    this.#perPart = this.#busyMs / this.#ended
    this.#ended = 0
    this.#busyMs = 0
  }

  asked(now: number): void {
    this.#askedAt = now
  }

  answered(now: number, askedAt: number): void {
    const took = now - askedAt
    this.#answer = this.#answer === 0 ? took : 0.7 * this.#answer + 0.3 * took
  }

  /** `undefined`: that is not known yet, for so few have ended. `asking`: whether a part is with others now. */
  of(now: number, asking: boolean): boolean | undefined {
    if (this.#least === 0) return true
    const busy = this.#busy(now)
    // As if all that is under way ended now.
    const atLeast = this.#ended + this.#under > 0 ? busy / (this.#ended + this.#under) : 0
    if (this.#perPart === undefined && atLeast < this.#least) return undefined
    const perPart = Math.max(this.#perPart ?? 0, atLeast)
    if (perPart < this.#least) return false
    // By then this process would have done all that may be ahead, and would wait.
    if (this.#answer <= this.#ahead * perPart) return true
    // Those who are slow to answer are asked again now and then, for one part.
    return !asking && now - this.#askedAt > 10 * this.#answer
  }

  /** Milliseconds until what is not known yet may be. */
  knownIn(now: number): number {
    return Math.max(1, this.#least * (this.#ended + this.#under) - this.#busy(now))
  }

  #busy(now: number): number {
    return this.#busyMs + (this.#under > 0 ? now - this.#since : 0)
  }
}

const enough = 4
