import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorTable, problemDetails, SluseError, type ErrorCode } from '../errors.ts'
import type { Log } from '../config/index.ts'

/**
 * Answers every failure as problem details (RFC 9457). What is not one of ours is logged, and says nothing. An
 * address that is not there may be answered by `otherwise`.
 */
export function answerProblems(
  server: FastifyInstance,
  log: Log,
  otherwise: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined,
): void {
  server.setErrorHandler((error, request, reply) => {
    const failed = translate(error)
    const isStore = failed.code === 'SLUSE-STORE' || failed.code === 'SLUSE-STORE-UNREACHABLE'
    // What the database said, and where it is, is nobody's business who may not see the log.
    const known = isStore ? new SluseError(failed.code) : failed
    if (known.code === 'SLUSE-INTERNAL' || isStore) {
      log('error', 'A request failed.', {
        method: request.method,
        route: request.routeOptions.url ?? '',
        error: !isStore && error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
    if (forTheTimeBeing.has(known.code)) void reply.header('retry-after', '5')
    if (known.code === 'SLUSE-ATTEMPTS') void reply.header('retry-after', String(known.data))
    return sendProblem(reply, known)
  })
  server.setNotFoundHandler(
    (request, reply) => otherwise(request, reply) ?? sendProblem(reply, missing(server, request)),
  )
}

const forTheTimeBeing: ReadonlySet<ErrorCode> = new Set([
  'SLUSE-CLOSING',
  'SLUSE-STORE-FULL',
  'SLUSE-STORE-UNREACHABLE',
  'SLUSE-TEMPORAL-UNREACHABLE',
] satisfies ErrorCode[])

export function sendProblem(reply: FastifyReply, error: SluseError) {
  const details = problemDetails(error)
  return reply.code(details.status).type('application/problem+json').send(details)
}

function translate(error: unknown): SluseError {
  if (error instanceof SluseError) return error
  const { code, statusCode, validation, validationContext } = error as Foreign
  if (validation) {
    const first = validation[0]
    const place = `${validationContext ?? 'request'}${first?.instancePath?.replaceAll('/', '.') ?? ''}`
    return new SluseError('SLUSE-REQUEST', `${place}: ${first?.message ?? 'it does not fit its schema'}.`)
  }
  // Matched by code: an error that crossed a thread has lost its class.
  if (typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    const { detail, data } = error as { detail?: unknown; data?: unknown }
    return new SluseError(code as ErrorCode, typeof detail === 'string' ? detail : '', { data })
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new SluseError('SLUSE-REQUEST-SIZE')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new SluseError('SLUSE-REQUEST-TYPE')
    default:
      return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
        ? new SluseError('SLUSE-REQUEST', error instanceof Error ? error.message : '')
        : new SluseError('SLUSE-INTERNAL')
  }
}

interface Foreign {
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly validation?: readonly { readonly instancePath?: string; readonly message?: string }[]
  readonly validationContext?: string
}

/** No such address, or not with this method. */
function missing(server: FastifyInstance, request: FastifyRequest): SluseError {
  const [address] = request.url.split('?')
  const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const
  const allowed = methods.filter((method) => server.findRoute({ method, url: address ?? '/' }) !== null)
  return allowed.length > 0
    ? new SluseError('SLUSE-METHOD', `It takes ${allowed.join(', ')}.`)
    : new SluseError('SLUSE-ROUTE')
}
