/** How quickly records are delivered, by what was delivered last. */
export class Pace {
  #perMs: number

  constructor(perMs = 0) {
    this.#perMs = perMs
  }

  get perMs(): number {
    return this.#perMs
  }

  took(records: number, ms: number): void {
    const perMs = records / Math.max(ms, 0.1)
    this.#perMs = this.#perMs === 0 ? perMs : (this.#perMs + perMs) / 2
  }
}
