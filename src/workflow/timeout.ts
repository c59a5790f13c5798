import type { Timeout } from './definition/types.ts'
import { fault } from './problem.ts'
import type { Run } from './run.ts'
import { Cancelled, Scope } from './scope.ts'

/** What is interrupted when its time is over. */
export interface Timed {
  readonly run: Run
  readonly scope: Scope
  /** Names the timer in the journal. */
  readonly key: string
  /** Milliseconds since 1970, UTC. */
  readonly until: number
  /** For the message: `The task`, `An attempt`. */
  readonly what: string
}

/**
 * Does the work, and interrupts it when time is over (dsl.md, "Timeouts"): all that is pending under its scope is
 * cancelled, and once that has come to rest, a `timeout` fault is thrown.
 */
export async function withTimeout<T>(timed: Timed, work: (scope: Scope) => Promise<T>): Promise<T> {
  const { run, scope, key, until, what } = timed
  const inner = new Scope(scope)
  const timer = new Scope(scope)
  let expired = false
  let broken: { readonly error: unknown } | undefined
  const interrupt = () => inner.cancel(new Cancelled('timeout'))
  run.stirred()
  run.context.sleep(key, until, timer).then(
    () => {
      expired = true
      interrupt()
    },
    (error: unknown) => {
      if (error instanceof Cancelled) return
      broken = { error }
      interrupt()
    },
  )
  try {
    return await work(inner)
  } catch (error) {
    if (broken) throw broken.error
    if (expired) throw fault('timeout', `${what} took longer than it may.`)
    throw error
  } finally {
    timer.cancel(new Cancelled('ended'))
    inner.close()
    timer.close()
  }
}

/** The timeout that a definition gives, or names in `use.timeouts`. */
export function timeoutOf(run: Run, timeout: Timeout | string): Timeout {
  return typeof timeout === 'string' ? run.program.used('timeouts', timeout) : timeout
}
