/**
 * Robustness, declared apart from the pipeline: Dapr `Resiliency` resources, circuit breakers and limits per target
 * system. Pure but for the arguments: the clock and chance are given.
 */
export { Breaker, type BreakerSettings, type BreakerSnapshot, type BreakerState } from './breaker.ts'
export { Guard, TimedOut, type Classification, type GuardedCall, type TargetSnapshot } from './guard.ts'
export { parseRetryAfter, TargetLimits, type Limits, type LimitsSnapshot } from './limits.ts'
export { builtIn, policyFor, type Policy, type Target } from './policies.ts'
export { readResiliency, type Complaint, type ResiliencyPolicies } from './resource.ts'
export { parseGoDuration } from './go-duration.ts'
export { retries, retryDelayMs, type RetryPolicy } from './retry.ts'
