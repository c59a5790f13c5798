/** How many processes there may be at once, of all functions together. Who waits longest is served first. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []
  readonly #reclaims = new Set<() => boolean>()

  constructor(most: number) {
    this.#free = most
  }

  /** Somebody waits: who has an idle process should let go of it. */
  get scarce(): boolean {
    return this.#waiting.length > 0
  }

  /** Resolves once there is room for one more; asks those who hold idle ones to let one go. */
  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    const turn = new Promise<void>((resolve) => this.#waiting.push(resolve))
    for (const reclaim of this.#reclaims) if (reclaim()) break
    await turn
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free += 1
  }

  /** `reclaim` lets go of one idle process, if there is one, and says whether. */
  hold(reclaim: () => boolean): () => void {
    this.#reclaims.add(reclaim)
    return () => this.#reclaims.delete(reclaim)
  }
}
