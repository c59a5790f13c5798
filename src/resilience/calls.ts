import { fault } from '../workflow/index.ts'
import { PlaceLost } from './shared/index.ts'
import { TargetDown } from './target-down.ts'
import { TimedOut } from './timeout.ts'

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/** Whether sending it again does no harm: RFC 9110, section 9.2.2; or the target can tell a repetition by its key. */
export function isRepeatable({
  method,
  headers = {},
}: {
  method: string
  headers?: object | undefined
}): boolean {
  if (idempotent.has(method.toUpperCase())) return true
  return Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key')
}

/** What a guard throws of its own, as the fault that a pipeline sees; anything else as it is. */
export function asFault(error: unknown, target: string): unknown {
  if (error instanceof TimedOut) {
    return fault(
      'timeout',
      `${target} gave no answer within the ${error.timeoutMs} ms that its policy allows.`,
    )
  }
  if (error instanceof TargetDown) {
    const until = error.retryAt === undefined ? '' : ` until ${new Date(error.retryAt).toISOString()}`
    return fault('communication', `${target} was not called: its circuit breaker is open${until}.`, {
      status: 503,
      title: 'Service Unavailable',
      circuitBreaker: 'open',
    })
  }
  if (error instanceof PlaceLost) {
    return fault(
      'communication',
      `The call to ${target} was ended, because this process could not be certain any more of its place within the limits of ${target}: the database was away, or the process stood still. Whether ${target} has acted on it is not known.`,
      { status: 503, title: 'Service Unavailable' },
    )
  }
  return error
}
