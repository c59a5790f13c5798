import type { Host } from '../../run/host.ts'

type Timers = Host['timers']

/** Who waits without a row by which it can be found looks by itself so often. */
const unseenMs = 30_000
/** What whoever leads has said may have been lost. */
const seenMs = 600_000

/**
 * Activities that wait for a target system rather than for a time. Nobody in here knows of targets: whoever leads says
 * when one may go on (`temporal/gates.ts`), for it finds the rows of all runs that wait.
 */
export class Gates {
  readonly kept = true
  /** Whether rows in `waits` say what the run waits for. */
  seen = false
  readonly #timers: Timers

  constructor(timers: Timers) {
    this.#timers = timers
  }

  wait(_name: string, pass: () => unknown): () => void {
    let stop = this.#timers.set(Date.now() + unseenMs, () => {
      if (this.seen) stop = this.#timers.set(Date.now() + seenMs, () => pass())
      else pass()
    })
    return () => stop()
  }

  parked(): void {}
}
