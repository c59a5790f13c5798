import type { TargetSnapshot } from '../resilience/index.ts'

/**
 * Targets as all processes together have them: what is under way, waits and was counted is the sum; limits, and the
 * state of the breaker, are what this process knows of them, for they are the same in all.
 */
export function everywhere(
  here: readonly TargetSnapshot[],
  elsewhere: readonly (readonly TargetSnapshot[])[],
): TargetSnapshot[] {
  const found = new Map(here.map((target) => [target.key, target]))
  for (const there of elsewhere.flat()) {
    const known = found.get(there.key)
    found.set(there.key, known ? sum(known, there) : there)
  }
  return [...found.values()]
}

function sum(one: TargetSnapshot, other: TargetSnapshot): TargetSnapshot {
  const [mine, theirs] = [one.breaker, other.breaker]
  return {
    ...one,
    ...(mine && {
      breaker: {
        ...mine,
        requests: mine.requests + (theirs?.requests ?? 0),
        totalSuccesses: mine.totalSuccesses + (theirs?.totalSuccesses ?? 0),
        totalFailures: mine.totalFailures + (theirs?.totalFailures ?? 0),
        // Each process counts by itself what follows on one another: the one that is nearest to opening it counts.
        consecutiveFailures: Math.max(mine.consecutiveFailures, theirs?.consecutiveFailures ?? 0),
        consecutiveSuccesses: Math.max(mine.consecutiveSuccesses, theirs?.consecutiveSuccesses ?? 0),
      },
    }),
    limits: { ...one.limits, running: one.limits.running + other.limits.running },
    queued: one.queued + other.queued,
    attempts: one.attempts + other.attempts,
    failures: one.failures + other.failures,
    retries: one.retries + other.retries,
    postponed: one.postponed + other.postponed,
  }
}
