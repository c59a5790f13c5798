import type { Turning } from '../run/host.ts'

/**
 * Gives each run its turn, many runs in one go round the event loop. What follows from a turn are promises only, and
 * these have all been settled before the event loop comes round again: so the next round finds the run at rest.
 */
export class Turns {
  readonly #due = new Set<Turning>()
  #turned: Turning[] = []
  #scheduled = false

  /** `turning` gets its turn in the next round, and its rest in the one after. */
  schedule(turning: Turning): void {
    this.#due.add(turning)
    this.#roundSoon()
  }

  #roundSoon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#round())
  }

  #round(): void {
    this.#scheduled = false
    const resting = this.#turned
    this.#turned = []
    for (const turning of resting) turning.rest()
    const turns = [...this.#due]
    this.#due.clear()
    for (const turning of turns) turning.turn()
    this.#turned = turns
    if (turns.length > 0 || this.#due.size > 0) this.#roundSoon()
  }
}
