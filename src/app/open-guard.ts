import { classifyCall } from '../activities/index.ts'
import type { Log } from '../config/index.ts'
import type { Database } from '../database/index.ts'
import type { Clock } from '../engines/index.ts'
import type { Member } from '../members/index.ts'
import { readConnectionTargets, readPolicies } from '../project/index.ts'
import { problemOf } from '../workflow/index.ts'
import { databaseStore, Guard, Sharing, type BreakerChange, type GuardClock } from '../resilience/index.ts'

/** What waits longer than this for a target is parked on disk instead. */
const longestWaitMs = 5000

/**
 * The guard of all outgoing calls: with the policies and the connections of the project, and the built-in policies
 * for whatever they leave out.
 */
export async function openGuard(
  folder: string | undefined,
  log: Log,
  { clock, sharing }: { clock?: Clock | undefined; sharing?: Sharing | undefined } = {},
): Promise<Guard> {
  const [policies, connections] =
    folder === undefined ? [[], []] : await Promise.all([readPolicies(folder), readConnectionTargets(folder)])
  return new Guard({
    policies,
    connections,
    classify: classifyCall,
    clock: guardClock(clock),
    random: Math.random,
    longestWaitMs,
    ...(sharing && { sharing }),
    onBreaker: (change) => tell(change, log),
  })
}

/** Where several processes call the same targets, limits and breakers hold for all of them together. */
export function openSharing(database: Database, member: Member, log: Log): Promise<Sharing> {
  return Sharing.open({
    store: databaseStore(database),
    member,
    clock: guardClock(undefined),
    random: Math.random,
    onStore: (state, error) => {
      if (state === 'there')
        log('info', 'Limits of target systems are shared again: calls within them go on.')
      else
        log(
          'warn',
          'Calls to target systems with limits wait: the database, by which they are shared, is away.',
          {
            error: String(error),
          },
        )
    },
  })
}

/** For whoever looks at the log at night: what is away, why, and that it is back. */
function tell(change: BreakerChange, log: Log): void {
  const { target } = change
  if (change.state === 'closed')
    return log('info', 'A target answers again: its circuit breaker has closed.', { target })
  const { failure, retryAt } = change
  const why = (problemOf(failure)?.detail ?? String(failure)).slice(0, 300)
  log('warn', 'A target is left alone: its circuit breaker has opened. Calls to it wait.', {
    target,
    why,
    ...(retryAt !== undefined && { triedAgain: new Date(retryAt).toISOString() }),
  })
}

/** Short waits pass in real time whatever clock the engine goes by: nobody moves that one on for their sake. */
function guardClock(clock: Clock | undefined): GuardClock {
  return {
    now: () => clock?.now() ?? Date.now(),
    after: (ms, wake) => {
      const timer = setTimeout(wake, ms)
      return () => clearTimeout(timer)
    },
  }
}
