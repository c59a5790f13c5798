import type { HttpClient, HttpRequest } from '../http/index.ts'
import {
  parseRetryAfter,
  TimedOut,
  type Classification,
  type Guard,
  type Target,
} from '../resilience/index.ts'
import { fault, problemOf } from '../workflow/index.ts'

/**
 * The outgoing client under the project's policies: each request waits for its target's limits and breaker, ends at
 * its timeout, and is repeated where repeating is safe. `attempt` is how many attempts of the activity have failed.
 */
export function guardedHttp(http: HttpClient, guard: Guard, attempt: number): HttpClient {
  return {
    send: async (request, access) => {
      const call = { repeatable: isRepeatable(request), attempt, signal: access.signal }
      try {
        return await guard.run(targetOf(request), call, (signal) => http.send(request, { ...access, signal }))
      } catch (error) {
        if (!(error instanceof TimedOut)) throw error
        const host = targetOf(request).name
        throw fault(
          'timeout',
          `${host} gave no answer within the ${error.timeoutMs} ms that its policy allows.`,
        )
      }
    },
    authorize: (policy, access, target) => http.authorize(policy, access, target),
    close: () => http.close(),
  }
}

/** What a failed request says of its target. */
export function classifyHttp(error: unknown): Classification {
  const problem = problemOf(error)
  if (error instanceof TimedOut) return { transient: true, targetIsWell: false }
  // Not a fault of a call, or one before the call: nothing that the target did.
  if (!problem || !problem.type.endsWith('/communication')) return { transient: false, targetIsWell: true }
  if (typeof problem.cause === 'string') return { transient: true, targetIsWell: false }
  const { status, retryAfter } = problem
  const retryAt = typeof retryAfter === 'string' ? parseRetryAfter(retryAfter, Date.now()) : undefined
  const slowDown = status === 408 || status === 425 || status === 429
  return {
    transient: status >= 500 || slowDown,
    targetIsWell: status < 500,
    httpStatus: status,
    ...(retryAt === undefined ? {} : { retryAt }),
  }
}

/** A target that nobody named is known by its origin. */
function targetOf(request: HttpRequest): Target {
  return { kind: 'app', name: URL.canParse(request.uri) ? new URL(request.uri).origin : request.uri }
}

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/** RFC 9110, section 9.2.2; or the target can tell a repetition by its key. */
function isRepeatable({ method, headers = {} }: HttpRequest): boolean {
  if (idempotent.has(method.toUpperCase())) return true
  return Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key')
}
