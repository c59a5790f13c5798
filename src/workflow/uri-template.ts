import { unfit } from './expressions.ts'
import { percentEncode } from './encoding.ts'
import { isObject, member, type Json } from './json.ts'

/**
 * Expands `{name}` in a URI (dsl-reference.md, "URI Template": RFC 6570 simple string expansion only).
 * Names are top-level properties of the task's transformed input, taken verbatim; what is missing or null is
 * empty. Throws an `expression` fault where a value is an array or an object.
 */
export function expandUri(template: string, input: Json, place: string): string {
  if (!template.includes('{')) return template
  return template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = isObject(input) ? (member(input, name) ?? null) : null
    if (typeof value === 'object' && value !== null) {
      throw unfit(`'${name}' in the URI at ${place}`, 'a string, number, boolean or null', value)
    }
    return value === null ? '' : percentEncode(String(value))
  })
}
