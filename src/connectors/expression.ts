import { compile, JqError, type Program } from '../jq/index.ts'
import { fault, type Json, type JsonObject } from '../workflow/index.ts'

/** JSON Schema of an option that is jq; `sluse validate` compiles what stands there. */
export function jqOption(description: string, more: JsonObject = {}): JsonObject {
  return { type: 'string', minLength: 1, format: 'jq', description, ...more }
}

export interface Expression {
  all(input: Json): Json[]
  first(input: Json): Json
}

/** A jq filter of the options, by the name that it has there. Throws a `configuration` fault where it is none. */
export function expression(filter: string, name: string): Expression {
  let program: Program
  try {
    program = compile(filter)
  } catch (error) {
    if (!(error instanceof JqError)) throw error
    throw fault('configuration', `\`${name}\` is not valid jq: ${error.message}`)
  }
  const safely = <T>(evaluate: () => T): T => {
    try {
      return evaluate()
    } catch (error) {
      if (!(error instanceof JqError)) throw error
      throw fault('validation', `\`${name}\` does not fit what it was given: ${error.message}`)
    }
  }
  return {
    all: (input) => safely(() => [...program(input)]),
    first: (input) => safely(() => program.first(input) ?? null),
  }
}
