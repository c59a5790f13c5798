/** A retry policy with all defaults filled in. */
export interface RetryPolicy {
  kind: 'constant' | 'exponential'
  /** Wait before each retry (constant), or before the first (exponential). Milliseconds. */
  durationMs: number
  maxIntervalMs: number
  /** -1: without end. */
  maxRetries: number
  /** Which HTTP status codes are retried; `undefined`: every failure is. */
  httpStatusCodes: CodeRanges | undefined
  grpcStatusCodes: CodeRanges | undefined
}

export type CodeRanges = readonly (readonly [from: number, to: number])[]

/**
 * How long to wait before retry number `retry` (from 1), or `undefined` when there is none any more.
 * Exponential is Dapr's: each wait is the one before times 1.5, spread by a random factor from 0.5 to 1.5.
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, random: () => number): number | undefined {
  if (policy.maxRetries >= 0 && retry > policy.maxRetries) return undefined
  if (policy.kind === 'constant') return policy.durationMs
  const base = Math.min(policy.durationMs * 1.5 ** (retry - 1), policy.maxIntervalMs)
  return Math.min(base * (0.5 + random()), policy.maxIntervalMs)
}

/**
 * Whether the policy retries this failure: where it lists status codes, those and no others; else what trying again
 * may help with.
 */
export function retries(
  policy: RetryPolicy,
  failure: { transient: boolean; httpStatus?: number; grpcStatus?: number },
): boolean {
  const { httpStatus, grpcStatus } = failure
  if (grpcStatus !== undefined && policy.grpcStatusCodes) return includes(policy.grpcStatusCodes, grpcStatus)
  if (httpStatus !== undefined && policy.httpStatusCodes) return includes(policy.httpStatusCodes, httpStatus)
  return failure.transient
}

/**
 * Reads `429,500-599`. Returns `undefined` where it is not a list of codes and ranges within `min` and `max`.
 */
export function parseCodeRanges(text: string, min: number, max: number): CodeRanges | undefined {
  const ranges: [number, number][] = []
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?$/.exec(part)
    if (!match) return undefined
    const from = Number(match[1])
    const to = Number(match[2] ?? match[1])
    if (from < min || to > max || from > to) return undefined
    ranges.push([from, to])
  }
  return ranges
}

function includes(ranges: CodeRanges, code: number): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to)
}
