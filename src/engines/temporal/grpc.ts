/** Status codes of gRPC: those that Temporal's server answers with, and that mean something to us. */
export const grpc = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** The code that the server answered with, whether the libraries have put it into an error of their own or not. */
export function grpcCodeOf(error: unknown): number | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } }
  return [code, cause?.code].find((each) => typeof each === 'number')
}
