import { errorTable, problemDetails, SluseError, type ErrorCode } from '../errors.ts'
import type { Finding } from '../workflow/definition/index.ts'
import { printFindings } from './findings.ts'
import type { Terminal } from './terminal.ts'

export const exitCodes = { done: 0, faulted: 1, usage: 2, interrupted: 130 } as const

/** Says what went wrong, for people or as JSON, and gives the exit code for it. */
export function report(error: unknown, terminal: Terminal): number {
  const known = toSluseError(error)
  if (known.code === 'SLUSE-INTERNAL')
    terminal.note(error instanceof Error ? (error.stack ?? '') : String(error))
  if (terminal.json) terminal.data(problemDetails(known))
  else {
    const { what, todo } = errorTable[known.code]
    terminal.note(
      `${terminal.paint('red', 'error')}  ${what}${known.detail ? ` ${known.detail}` : ''} (${known.code})`,
    )
    terminal.note(terminal.paint('dim', todo))
    if (Array.isArray(known.data) && known.data.every(isFinding)) printFindings(known.data, terminal)
  }
  return usageCodes.test(known.code) ? exitCodes.usage : exitCodes.faulted
}

/** What the user gave is not right, in contrast to what happened with it. */
const usageCodes =
  /^SLUSE-(?:USAGE|SETTING|SECRETS|SIGN-IN|TEST-FILE|EVENT-INVALID|(?:DEFINITION|PROJECT|JQ)(?:-.+)?)$/

function toSluseError(error: unknown): SluseError {
  if (error instanceof SluseError) return error
  const { code, detail } = (error ?? {}) as { code?: unknown; detail?: unknown }
  if (typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    return new SluseError(code as ErrorCode, typeof detail === 'string' ? detail : '')
  }
  return new SluseError('SLUSE-INTERNAL', error instanceof Error ? error.message : String(error))
}

function isFinding(value: unknown): value is Finding {
  return typeof value === 'object' && value !== null && 'pointer' in value && 'message' in value
}
