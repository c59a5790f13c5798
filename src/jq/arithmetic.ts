/** The operators `+ - * / %` on values of every kind, with jq's messages. */
import { raise } from './errors.ts'
import { shorten } from './json.ts'
import { grow, growText, spend, state } from './limits.ts'
import type { Json, JsonObject } from './values.ts'
import { equal, hasMember, isObject, kindOf, member, setMember } from './values.ts'

/** Notes that a result is NaN or infinite, which JSON cannot write. */
export function checked(result: number): number {
  if (result - result !== 0) state.unwritable = true
  return result
}

/** As error messages name a value: its kind and the beginning of its text. */
export function described(value: Json): string {
  return `${kindOf(value)} (${shorten(value)})`
}

function refuse(a: Json, b: Json, what: string): never {
  return raise(`${described(a)} and ${described(b)} ${what}`)
}

export function add(a: Json, b: Json): Json {
  if (typeof a === 'number' && typeof b === 'number') return checked(a + b)
  if (typeof a === 'string' && typeof b === 'string') return concat(a, b)
  if (a === null) return b
  if (b === null) return a
  if (Array.isArray(a) && Array.isArray(b)) {
    grow(a.length + b.length)
    return a.length === 0 ? b : b.length === 0 ? a : a.concat(b)
  }
  if (isObject(a) && isObject(b)) {
    const sum = { ...a }
    const keys = Object.keys(b)
    grow(keys.length + 1)
    for (const key of keys) setMember(sum, key, b[key] as Json)
    return sum
  }
  return refuse(a, b, 'cannot be added')
}

/** The host does not copy the longer string, so only the shorter one is counted. */
export function concat(a: string, b: string): string {
  growText(Math.min(a.length, b.length))
  return a + b
}

export function subtract(a: Json, b: Json): Json {
  if (typeof a === 'number' && typeof b === 'number') return checked(a - b)
  if (Array.isArray(a) && Array.isArray(b)) {
    if (b.length > 8 && b.every((item) => typeof item !== 'object')) {
      const removed = new Set<Json>(b)
      spend(a.length + b.length)
      return a.filter((item) => (typeof item === 'number' && item !== item) || !removed.has(item))
    }
    return a.filter((item) => {
      spend(b.length + 1)
      return !b.some((other) => equal(item, other))
    })
  }
  return refuse(a, b, 'cannot be subtracted')
}

export function multiply(a: Json, b: Json): Json {
  if (typeof a === 'number' && typeof b === 'number') return checked(a * b)
  if (typeof a === 'string' && typeof b === 'number') return repeat(a, b)
  if (typeof a === 'number' && typeof b === 'string') return repeat(b, a)
  if (isObject(a) && isObject(b)) return mergeDeep(a, b)
  return refuse(a, b, 'cannot be multiplied')
}

const longestRepeat = 2 ** 29

function repeat(text: string, times: number): Json {
  if (times < 0 || times !== times) return null
  const count = Math.floor(times)
  if (text.length * count >= longestRepeat) raise('Repeat string result too long')
  growText(text.length * count)
  return text.repeat(count)
}

const deepestMerge = 10_000

/** Keeps its own list of what is left to merge: objects may be nested deeper than the stack of the host. */
function mergeDeep(a: JsonObject, b: JsonObject): JsonObject {
  const result = { ...a }
  const left: { target: JsonObject; source: JsonObject; depth: number }[] = [
    { target: result, source: b, depth: 0 },
  ]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { target, source, depth } = next
    if (depth > deepestMerge) return raise('Object merge too deep')
    const keys = Object.keys(source)
    grow(keys.length + 1)
    for (const key of keys) {
      const theirs = source[key] as Json
      const ours = hasMember(target, key) ? (member(target, key) as Json) : null
      if (isObject(ours) && isObject(theirs)) {
        const copy = { ...ours }
        setMember(target, key, copy)
        left.push({ target: copy, source: theirs, depth: depth + 1 })
      } else {
        setMember(target, key, theirs)
      }
    }
  }
  return result
}

export function divide(a: Json, b: Json): Json {
  if (typeof a === 'number' && typeof b === 'number') {
    if (b === 0) refuse(a, b, 'cannot be divided because the divisor is zero')
    return checked(a / b)
  }
  if (typeof a === 'string' && typeof b === 'string') return split(a, b)
  return refuse(a, b, 'cannot be divided')
}

export function split(text: string, separator: string): Json {
  if (text === '') return []
  grow(text.length)
  return separator === '' ? Array.from(text) : text.split(separator)
}

const largest = 2 ** 63

export function modulo(a: Json, b: Json): Json {
  if (typeof a !== 'number' || typeof b !== 'number') return refuse(a, b, 'cannot be divided (remainder)')
  if (a !== a || b !== b) return checked(Number.NaN)
  const divisor = Math.trunc(b)
  if (divisor === 0) refuse(a, b, 'cannot be divided (remainder) because the divisor is zero')
  if (Number.isSafeInteger(a) && Number.isSafeInteger(divisor)) return (a % divisor) + 0
  return Number(toInt64(a) % toInt64(b))
}

/** As C converts a double to a 64-bit integer, held within its range. */
function toInt64(value: number): bigint {
  if (value >= largest) return 2n ** 63n - 1n
  if (value <= -largest) return -(2n ** 63n)
  return BigInt(Math.trunc(value))
}

/** The negative of 0 is 0, as for a number that is written down. */
export function negate(value: Json): Json {
  if (typeof value !== 'number') return raise(`${described(value)} cannot be negated`)
  return value === 0 ? 0 : -value
}
