/** What was ordered of Temporal and must have been accepted before the workflow ends. Its failures are nobody's. */
export class Outstanding {
  readonly #all = new Set<Promise<unknown>>()

  add(promise: Promise<unknown>): void {
    const settled: Promise<unknown> = promise.catch(() => {}).then(() => this.#all.delete(settled))
    this.#all.add(settled)
  }

  async settled(): Promise<void> {
    while (this.#all.size > 0) await Promise.all(this.#all)
  }
}
