/** Reading by key, index and slice. */
import { described } from './arithmetic.ts'
import { raise } from './errors.ts'
import { shorten } from './json.ts'
import { grow, spend } from './limits.ts'
import type { Json, JsonObject } from './values.ts'
import { equal, isObject, kindOf, member } from './values.ts'

/** `.[key]` for a key of any kind. */
export function index(target: Json, key: Json): Json {
  if (typeof key === 'string') return field(target, key)
  if (typeof key === 'number') return element(target, key)
  if (isObject(key) && (target === null || Array.isArray(target) || typeof target === 'string')) {
    return sliceByKey(target, key)
  }
  if (Array.isArray(target) && Array.isArray(key)) return indicesOfArray(target, key)
  return cannotIndex(target, key)
}

export function field(target: Json, key: string): Json {
  if (target === null) return null
  if (typeof target !== 'object' || Array.isArray(target)) return cannotIndex(target, key)
  return member(target, key) ?? null
}

export function element(target: Json, position: number): Json {
  if (Array.isArray(target)) {
    if (position !== position) return null
    const at = Math.trunc(position)
    return target[at < 0 ? at + target.length : at] ?? null
  }
  return target === null ? null : cannotIndex(target, position)
}

function cannotIndex(target: Json, key: Json): never {
  return raise(`Cannot index ${kindOf(target)} with ${kindOf(key)} (${shorten(key)})`)
}

/** The bounds of a slice within a length: rounded outwards, held within the array or string. */
export function sliceBounds(length: number, from: Json, to: Json): [number, number] {
  if ((from !== null && typeof from !== 'number') || (to !== null && typeof to !== 'number')) {
    return raise('Array/string slice indices must be integers')
  }
  let start = from === null || from !== from ? 0 : from
  if (start < 0) start += length
  start = Math.floor(Math.min(Math.max(start, 0), length))
  let end = to === null || to !== to ? length : to
  if (end < 0) end += length
  if (end < 0) end = start
  end = Math.ceil(Math.min(end, length))
  return [start, Math.max(start, end)]
}

export function slice(target: Json, from: Json, to: Json): Json {
  if (target === null) return null
  if (Array.isArray(target)) {
    const [start, end] = sliceBounds(target.length, from, to)
    grow(end - start)
    return target.slice(start, end)
  }
  if (typeof target === 'string') {
    const [start, end] = sliceBounds(codepointCount(target), from, to)
    return sliceCodepoints(target, start, end)
  }
  return cannotIndex(target, { start: from, end: to })
}

function sliceByKey(target: Json, key: JsonObject): Json {
  if (target === null) return null
  const [from, to] = sliceEnds(key)
  return slice(target, from, to)
}

/** The ends that `{start, end}` gives; both have to be there, if only as null. */
export function sliceEnds(key: JsonObject): [Json, Json] {
  const from = member(key, 'start')
  const to = member(key, 'end')
  return from === undefined || to === undefined
    ? raise('Array/string slice indices must be integers')
    : [from, to]
}

const surrogate = /[\ud800-\udfff]/

export function codepointCount(text: string): number {
  if (!surrogate.test(text)) return text.length
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xdc00 || unit > 0xdfff || !isHighSurrogate(text.charCodeAt(i - 1))) count++
  }
  return count
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

export function sliceCodepoints(text: string, start: number, end: number): string {
  if (!surrogate.test(text)) return text.slice(start, end)
  spend(text.length)
  return Array.from(text).slice(start, end).join('')
}

/** Where the elements of one array follow one another in another. */
export function indicesOfArray(target: Json[], wanted: Json[]): Json {
  if (wanted.length === 0) return []
  const found: Json[] = []
  for (let i = 0; i + wanted.length <= target.length; i++) {
    spend(1)
    if (wanted.every((item, offset) => equal(target[i + offset] as Json, item))) found.push(i)
  }
  return found
}

/** Where a text occurs in another, also overlapping, in code points. */
export function indicesOfText(text: string, wanted: string): Json {
  if (wanted === '') return []
  const found: Json[] = []
  const hasSurrogates = surrogate.test(text)
  let counted = 0
  let codepoints = 0
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    spend(1)
    if (hasSurrogates) {
      codepoints += codepointCount(text.slice(counted, at))
      counted = at
    }
    found.push(hasSurrogates ? codepoints : at)
  }
  return found
}

export function cannotIterate(value: Json): never {
  return raise(`Cannot iterate over ${described(value)}`)
}
