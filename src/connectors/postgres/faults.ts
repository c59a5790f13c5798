import { networkReasons } from '../../http/index.ts'
import { fault, problemOf, type WorkflowFault } from '../../workflow/index.ts'
import { SqlRefusal } from '../sql/index.ts'

interface DatabaseError extends Error {
  readonly code?: string
  readonly column?: string
  readonly constraint?: string
  readonly where?: string
}

/**
 * What the database or the way to it said, as a fault (SQLSTATE: PostgreSQL, appendix A). Messages of the database may
 * repeat what is in a row; where it is about data they are put in words of our own.
 */
export function postgresFault(error: unknown, host: string): WorkflowFault | SqlRefusal {
  if (error instanceof SqlRefusal || problemOf(error)) return error as SqlRefusal
  const { code = 'UNKNOWN', message } = error as DatabaseError
  const group = code.slice(0, 2)
  if (isState(code)) {
    if (group === '22' || group === '23') return new SqlRefusal(aboutData(error as DatabaseError), code)
    if (group === '28')
      return fault('authentication', `${host} did not let us in: ${message}.`, { cause: code })
    if (code === '42501') return fault('authorization', `${host}: ${message}.`, { cause: code })
    if (group === '42' || group === '3D' || group === '3F') {
      return fault('configuration', `${host}: ${message}.`, { cause: code })
    }
    return fault('communication', `${host}: ${message}.`, { cause: code })
  }
  if (/SCRAM|password must be a string/i.test(message)) {
    return fault('authentication', `${host} asks for a password, and none is given.`)
  }
  const why = networkReasons[code] ?? message
  return fault('communication', `${host}: ${why}.`, { cause: code })
}

const isState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')

function aboutData({ code = '', column, constraint, where, message }: DatabaseError): string {
  const place = column ?? /column "?([^":]+)"?/.exec(where ?? '')?.[1]
  const at = place === undefined ? '' : ` of ${place}`
  switch (code) {
    case '23502':
      return `the value${at} must not be null`
    case '23503':
      return `what ${constraint ?? 'a foreign key'} refers to is not there`
    case '23505':
      return `${constraint ?? 'a unique index'} has a row of this key already`
    case '23514':
      return `it does not meet ${constraint ?? 'a condition of the table'}`
    case '22001':
      return `the text${at} is too long`
    case '22003':
      return `the number${at} is out of range`
    case '22007':
    case '22008':
      return `the value${at} is not a date or time`
    case '22P02':
      return `the value${at} is not of the type of its column`
    case '22021':
      return `the text${at} holds a character that the database does not take`
    default:
      return message.replace(/: .*$/s, '')
  }
}
