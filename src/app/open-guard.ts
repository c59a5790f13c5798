import { classifyCall } from '../activities/index.ts'
import type { Clock } from '../engines/index.ts'
import { readConnectionTargets, readPolicies } from '../project/index.ts'
import { Guard, type GuardClock } from '../resilience/index.ts'

/** What waits longer than this for a target is parked on disk instead. */
const longestWaitMs = 5000

/**
 * The guard of all outgoing calls: with the policies and the connections of the project, and the built-in policies
 * for whatever they leave out.
 */
export async function openGuard(folder: string | undefined, clock?: Clock): Promise<Guard> {
  const [policies, connections] =
    folder === undefined ? [[], []] : await Promise.all([readPolicies(folder), readConnectionTargets(folder)])
  return new Guard({
    policies,
    connections,
    classify: classifyCall,
    clock: guardClock(clock),
    random: Math.random,
    longestWaitMs,
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
