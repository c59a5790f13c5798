import { fault, type WorkflowFault } from '../../workflow/index.ts'

/** gRPC status codes in order, each with the HTTP status that stands for it (google/rpc/code.proto). */
const statuses = [
  ['OK', 200],
  ['CANCELLED', 499],
  ['UNKNOWN', 500],
  ['INVALID_ARGUMENT', 400],
  ['DEADLINE_EXCEEDED', 504],
  ['NOT_FOUND', 404],
  ['ALREADY_EXISTS', 409],
  ['PERMISSION_DENIED', 403],
  ['RESOURCE_EXHAUSTED', 429],
  ['FAILED_PRECONDITION', 400],
  ['ABORTED', 409],
  ['OUT_OF_RANGE', 400],
  ['UNIMPLEMENTED', 501],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DATA_LOSS', 500],
  ['UNAUTHENTICATED', 401],
] as const

/** A `communication` fault: dsl.md, "Errors". `grpcStatus` is the name of the code. */
export function grpcFault(code: number, what: string, message: string): WorkflowFault {
  const [name, status] = statuses[code] ?? statuses[2]
  return fault('communication', `${what}: ${name}${message ? `: ${message}` : ''}`, {
    status,
    grpcStatus: name,
    ...(message && { grpcMessage: message }),
  })
}

/** What an answer that is not gRPC's means (grpc/doc/http-grpc-status-mapping.md). */
export function codeOfHttp(status: number): number {
  switch (status) {
    case 400:
      return 13
    case 401:
      return 16
    case 403:
      return 7
    case 404:
      return 12
    case 429:
    case 502:
    case 503:
    case 504:
      return 14
    default:
      return 2
  }
}

export const grpcCodes = { unavailable: 14, internal: 13, deadlineExceeded: 4, resourceExhausted: 8 } as const
