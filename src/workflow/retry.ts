import type { RetryPolicy } from './definition/types.ts'
import type { Frame } from './frame.ts'
import { limits } from './limits.ts'

/**
 * Milliseconds to wait before retry number `retry`, from 1 (dsl-reference.md, "Retry"): the policy's delay, times
 * `retry` for a linear and 2^(retry - 1) for an exponential backoff, and a random part between the jitter's bounds.
 */
export function retryDelay(frame: Frame, policy: RetryPolicy, retry: number, key: string): number {
  const delay = policy.delay === undefined ? 0 : frame.duration(policy.delay, '/catch/retry/delay')
  const jitter = policy.jitter === undefined ? 0 : jitterOf(frame, policy.jitter, key)
  return Math.min(Math.round(delay * factor(policy, retry) + jitter), limits.retryDelay)
}

function factor({ backoff }: RetryPolicy, retry: number): number {
  if (backoff?.exponential) return 2 ** (retry - 1)
  return backoff?.linear ? retry : 1
}

function jitterOf(frame: Frame, jitter: NonNullable<RetryPolicy['jitter']>, key: string): number {
  const from = frame.duration(jitter.from, '/catch/retry/jitter/from')
  const to = frame.duration(jitter.to, '/catch/retry/jitter/to')
  return from + chance(frame.run.context.uuid(`${key}/jitter`)) * Math.max(0, to - from)
}

/** From 0 to below 1, by the last 48 bits of a UUID, all of which are random. */
function chance(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(-12), 16) / 2 ** 48 || 0
}
