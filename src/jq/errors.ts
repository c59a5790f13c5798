/**
 * What can go wrong with a filter. Everything that leaves this folder as an error is a `JqError`, told apart
 * by its `code` (a row of the table in ../errors.ts), never by its class.
 */
import type { ErrorCode } from '../errors.ts'
import type { Json } from './values.ts'

export type JqErrorCode = Extract<ErrorCode, `SLUSE-JQ-${string}`>

/** A place in the text of a filter. `offset` counts UTF-16 units from 0; `line` and `column` count from 1. */
export interface Position {
  readonly offset: number
  readonly line: number
  readonly column: number
}

export class JqError extends Error {
  readonly code: JqErrorCode
  /** Where in the filter, for an error found before it runs. */
  readonly position: Position | undefined
  /** What the filter raised: the message of a built-in, or whatever `error(value)` was given. */
  readonly value: Json

  constructor(code: JqErrorCode, message: string, details: { position?: Position; value?: Json } = {}) {
    super(message)
    this.name = 'JqError'
    this.code = code
    this.position = details.position
    this.value = details.value === undefined ? message : details.value
  }

  get offset(): number | undefined {
    return this.position?.offset
  }

  get line(): number | undefined {
    return this.position?.line
  }

  get column(): number | undefined {
    return this.position?.column
  }
}

/** An error raised inside a filter: what `try` catches. Not an `Error`, because a stack trace costs microseconds. */
export class Raised {
  readonly value: Json

  constructor(value: Json) {
    this.value = value
  }
}

/** A bound that was reached: never caught by the filter's own `try`. */
export class LimitReached {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export function raise(value: Json): never {
  throw new Raised(value)
}

export function positionAt(text: string, offset: number): Position {
  let line = 1
  let start = 0
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) {
    line++
    start = i + 1
  }
  return { offset, line, column: offset - start + 1 }
}

export function syntaxError(text: string, offset: number, message: string): JqError {
  return located('SLUSE-JQ-SYNTAX', text, offset, message)
}

export function refused(text: string, offset: number, message: string): JqError {
  return located('SLUSE-JQ-REFUSED', text, offset, message)
}

function located(code: JqErrorCode, text: string, offset: number, message: string): JqError {
  const position = positionAt(text, offset)
  return new JqError(code, `${message} (line ${position.line}, column ${position.column})`, { position })
}
