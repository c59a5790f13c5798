import { condition } from '@temporalio/workflow'
import type { Turning } from '../../run/host.ts'

/** Who waits for a turn. */
export class Turns {
  #due = false

  schedule(): void {
    this.#due = true
  }

  /** Whether somebody waited; then nobody does any more. */
  take(): boolean {
    const due = this.#due
    this.#due = false
    return due
  }

  get due(): boolean {
    return this.#due
  }
}

/** Gives the run its turns, each when all that followed from the one before has come to rest; `after` each. */
export async function drive(turning: Turning, turns: Turns, after: () => Promise<boolean>): Promise<void> {
  // Until it has asked for what it asks for first, nothing that is recorded can be given to it.
  await rest()
  for (;;) {
    await condition(() => turns.due)
    turns.take()
    turning.turn()
    await rest()
    turning.rest()
    await rest()
    if (await after()) return
  }
}

/**
 * Resolves when no promise in the sandbox has anything left to do. Conditions are asked only between one emptying of
 * the queue of microtasks and the next: one that holds from the second time on holds when the queue has been emptied.
 */
export function rest(): Promise<void> {
  let asked = false
  return condition(() => {
    const before = asked
    asked = true
    return before
  })
}
