import type { HttpClient, HttpRequest, UnderPolicies } from '../http/index.ts'
import {
  asFault,
  isRepeatable,
  parseRetryAfter,
  TimedOut,
  type Classification,
  type Guard,
  type GuardedCall,
} from '../resilience/index.ts'
import { problemOf } from '../workflow/index.ts'

/**
 * Makes one call to the system at `uri` under its policies: it waits for the target's limits and breaker, ends at its
 * timeout, and is repeated where repeating is safe. What goes out over anything but the HTTP client goes through this.
 */
export type Guarded = UnderPolicies

/** Without a guard a call is just made. */
export function guardedBy(
  guard: Guard | undefined,
  { attempt, onFailure }: Pick<GuardedCall, 'attempt' | 'onFailure'>,
): Guarded {
  return async (uri, call, operation) => {
    if (!guard) return operation(call.signal)
    const target = guard.targetOf(uri)
    try {
      return await guard.run(target, { ...call, attempt, onFailure }, operation)
    } catch (error) {
      throw asFault(error, target.name)
    }
  }
}

/** The outgoing client under the policies of whom each request calls. */
export function guardedHttp(http: HttpClient, guarded: Guarded): HttpClient {
  return {
    send: (request, access) => {
      const { onChunk } = request
      // What a caller was given in part must not come again from the start.
      let given = false
      const watched: HttpRequest = onChunk
        ? {
            ...request,
            onChunk: (chunk, headers) => {
              given = true
              onChunk(chunk, headers)
            },
          }
        : request
      const call = { repeatable: () => !given && isRepeatable(request), signal: access.signal }
      return guarded(request.uri, call, (signal) => http.send(watched, { ...access, signal }))
    },
    authorize: (policy, access, target) => http.authorize(policy, access, target),
    close: () => http.close(),
  }
}

/** What a failed call says of its target. */
export function classifyCall(error: unknown): Classification {
  const problem = problemOf(error)
  if (error instanceof TimedOut) return { transient: true, targetIsWell: false, away: true }
  // Not a fault of a call, or one before the call: nothing that the target did.
  if (!problem || !problem.type.endsWith('/communication')) {
    return { transient: false, targetIsWell: true, unasked: true, away: false }
  }
  if (typeof problem.cause === 'string') return { transient: true, targetIsWell: false, away: true }
  const { status, retryAfter, grpcStatus } = problem
  if (typeof grpcStatus === 'string') return classifyGrpc(grpcStatus)
  const retryAt = typeof retryAfter === 'string' ? parseRetryAfter(retryAfter, Date.now()) : undefined
  const slowDown = status === 408 || status === 425 || status === 429
  return {
    transient: status >= 500 || slowDown,
    targetIsWell: status < 500,
    away: status >= 502 && status <= 504,
    httpStatus: status,
    ...(retryAt === undefined ? {} : { retryAt }),
  }
}

/** By the names of the codes; their numbers are those of google/rpc/code.proto. */
function classifyGrpc(name: string): Classification {
  const transient = grpcTransient[name]
  const targetsFault = transient ?? grpcTargetsFault[name]
  return {
    transient: transient !== undefined,
    targetIsWell: targetsFault === undefined || name === 'RESOURCE_EXHAUSTED',
    away: name === 'UNAVAILABLE' || name === 'DEADLINE_EXCEEDED',
    ...(targetsFault !== undefined && { grpcStatus: targetsFault }),
  }
}

const grpcTransient: { readonly [name: string]: number | undefined } = {
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNAVAILABLE: 14,
}
const grpcTargetsFault: { readonly [name: string]: number | undefined } = {
  UNKNOWN: 2,
  INTERNAL: 13,
  DATA_LOSS: 15,
}
