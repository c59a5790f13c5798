import { isObject, problem, type Json, type Problem } from '../workflow/index.ts'

/** What a function made of one record: its answer as it is, or why there is none. */
export type Answer = { readonly value: Json } | { readonly refused: Problem }

/**
 * Reads an answer by the contract: an object is one record, an array many or none, an object whose only member is
 * `error` a refusal. Anything else is a mistake of the function.
 */
export function answerOf(value: Json, name: string): Answer {
  if (Array.isArray(value)) return { value }
  if (isObject(value)) {
    const { error } = value
    return error !== undefined && Object.keys(value).length === 1
      ? { refused: refusal(error, name) }
      : { value }
  }
  const given = value === null ? 'null' : `a ${typeof value}`
  return failed(
    `The function ${name} answered with ${given}: an answer is an object, an array, or {"error": …}.`,
  )
}

/** One that the function, or what runs it, is to blame for. */
export function failed(detail: string): { readonly refused: Problem } {
  return { refused: problem('runtime', detail) }
}

/** The function's own words: a text, or problem details (RFC 9457) of which all is kept. */
export function refusal(error: Json, name: string): Problem {
  const plain = problem('validation', `The function ${name} refused the record.`)
  if (typeof error === 'string') return { ...plain, detail: error }
  if (!isObject(error)) return { ...plain, detail: JSON.stringify(error) }
  const { type, status, title, detail, message, ...more } = error
  const said = [detail, message].find((each) => typeof each === 'string')
  return {
    ...more,
    ...plain,
    ...(typeof type === 'string' && { type }),
    ...(typeof status === 'number' && { status }),
    ...(typeof title === 'string' && { title }),
    ...(said !== undefined && { detail: said }),
  }
}

/** One record, many, or none. */
export const recordsOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value])
