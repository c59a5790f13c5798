import {
  isObject,
  problem,
  problemOf,
  type Json,
  type JsonObject,
  type Problem,
} from '../../workflow/index.ts'
import { expression, jqOption } from '../expression.ts'

/** Of every target's options. */
export const recordMetadata: JsonObject = jqOption(
  "jq on a record: Dapr's metadata of the request, an object of texts, e.g. `{partitionKey: .id}`. Default: none.",
)

export type MetadataOf = (
  record: Json,
) => { readonly metadata: { [key: string]: string } } | { readonly problem: Problem }

/** The metadata of a request, by the filter in the options. Throws a `configuration` fault where it is no jq. */
export function metadataOf(filter: Json | undefined): MetadataOf {
  if (typeof filter !== 'string') return () => ({ metadata: {} })
  const made = perRecord(filter, 'metadata')
  return (record) => {
    const found = made(record)
    if ('problem' in found) return found
    if (isObject(found.value)) return { metadata: textsOf(found.value) }
    return { problem: problem('validation', '`metadata` does not give an object for the record.') }
  }
}

/** A jq filter of the options; a record that it does not fit has a problem of its own. */
export function perRecord(
  filter: string,
  name: string,
): (record: Json) => { readonly value: Json } | { readonly problem: Problem } {
  const made = expression(filter, name)
  return (record) => {
    try {
      return { value: made.first(record) }
    } catch (error) {
      const found = problemOf(error)
      if (found) return { problem: found }
      throw error
    }
  }
}

/** Dapr takes texts alone. What is `null` is left out. */
export function textsOf(object: JsonObject): { [key: string]: string } {
  const given = Object.entries(object).filter(([, value]) => value !== null)
  return Object.fromEntries(
    given.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}
