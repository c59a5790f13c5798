import { SluseError } from '../../errors.ts'

interface DatabaseError extends Error {
  readonly code?: string
  readonly severity?: string
}

/** Raised by `sluse_expect` where a statement changed other rows than it must. */
export const changedState = 'SL001'

/**
 * Whether the connection is of no use any more: it broke, or the server ends it, or is none to write to (SQLSTATE:
 * PostgreSQL, appendix A). What was asked last may have been done, or not.
 */
export function isBroken(error: unknown): boolean {
  const { code = '', severity } = error as DatabaseError
  if (!isState(code)) return true
  return severity === 'FATAL' || severity === 'PANIC' || /^(08|57P0|53300)/.test(code)
}

/**
 * Whether it was refused for good: the server knows no such user, password or database, or TLS between us does not come
 * about. Else it may be there in a while.
 */
export function isRefusal(error: unknown): boolean {
  const { code = '', message } = error as DatabaseError
  if (isState(code)) return /^(28|3D)/.test(code)
  // The server's to mend: it gets a new certificate, or its clock is set.
  if (/EXPIRED|NOT_YET_VALID/.test(code)) return false
  return (
    /CERT|SIGN|ISSUER|TLS|SSL|INVALID_(CA|PURPOSE)|PATH_LENGTH/.test(code) ||
    message === 'The server does not support SSL connections'
  )
}

/** Undone by the server because of others: the same again will do. */
export function isConflict(error: unknown): boolean {
  return /^40(001|P01)$/.test((error as DatabaseError).code ?? '')
}

/** What the database said, as an error of ours. */
export function storeError(cause: unknown): SluseError {
  if (cause instanceof SluseError) return cause
  const { code = '', message } = cause as DatabaseError
  if (code === changedState) return new SluseError('SLUSE-STORE-CHANGED')
  const reason = `(${code} ${message})`
  if (/^(53100|53400)$/.test(code)) return new SluseError('SLUSE-STORE-FULL', reason, { cause })
  return new SluseError(isBroken(cause) ? 'SLUSE-STORE-UNREACHABLE' : 'SLUSE-STORE', reason, { cause })
}

const isState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]+$/.test(code)
