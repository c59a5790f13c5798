/**
 * Robustness, declared apart from the pipeline: Dapr `Resiliency` resources, circuit breakers and limits per target
 * system. Pure but for the arguments: the clock and chance are given.
 */
export { asFault, isRepeatable } from './calls.ts'
export type { BreakerSnapshot, BreakerState } from './breaker.ts'
export {
  annotationNames,
  isConcurrency,
  isPerSecond,
  readAnnotations,
  targetOf,
  type ConnectionTarget,
  type TargetSettings,
} from './connections.ts'
export { Guard } from './guard.ts'
export type { BreakerChange, Classification, GuardedCall, GuardOptions } from './guard-port.ts'
export { TargetDown } from './target-down.ts'
export type { GuardClock } from './guard-clock.ts'
export { parseRetryAfter, type Limits, type LimitsSnapshot } from './limits.ts'
export { builtIn, keyOf, policyFor, type Policy, type Target } from './policies.ts'
export { readResiliency, type Complaint, type ResiliencyPolicies } from './resource.ts'
export { parseGoDuration } from './go-duration.ts'
export { defaultConcurrency, type Room, type TargetSnapshot } from './target-state.ts'
export { Sharing, databaseStore, type SharedStore } from './shared/index.ts'
export { TimedOut } from './timeout.ts'
