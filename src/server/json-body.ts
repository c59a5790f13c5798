import { SluseError } from '../errors.ts'
import type { Json } from '../workflow/index.ts'

/**
 * Reads the JSON of a request: UTF-8, no deeper than `depth`, and without a `__proto__` that would end up as
 * something else than data. Throws `SLUSE-REQUEST`.
 */
export function readJson(body: Uint8Array, depth: number): Json {
  const text = readUtf8(body)
  if (deeper(text, depth))
    throw new SluseError('SLUSE-REQUEST', `Its JSON nests deeper than ${depth} levels.`)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    throw new SluseError('SLUSE-REQUEST', 'Its body is not valid JSON.')
  }
  if (/__proto__|\\u005f/i.test(text) && hasPrototype(value)) {
    throw new SluseError('SLUSE-REQUEST', 'Its JSON has a member named __proto__.')
  }
  return value
}

export function readUtf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new SluseError('SLUSE-REQUEST', 'Its body is not UTF-8.')
  }
}

/** Counted before anything is parsed: what is too deep must not get as far as recursion. */
function deeper(text: string, most: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // A string: what is in it does not count.
        for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) {
          if (text.charCodeAt(at) === 0x5c) at++
        }
        break
      case 0x5b:
      case 0x7b:
        if (++depth > most) return true
        break
      case 0x5d:
      case 0x7d:
        depth--
        break
      default:
    }
  }
  return false
}

function hasPrototype(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) return true
  return Object.values(value).some((each) => hasPrototype(each))
}
