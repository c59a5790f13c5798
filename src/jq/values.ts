/** JSON values as jq sees them: kinds, order, equality, and objects whose keys are only ever data. */
import { raise } from './errors.ts'
import { spend } from './limits.ts'

/** Any JSON value. Inside a running filter a number may also be NaN or infinite; an output never is. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type JsonObject = { [key: string]: Json }

export type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

export function kindOf(value: Json): Kind {
  if (value === null) return 'null'
  const type = typeof value
  if (type !== 'object') return type as 'boolean' | 'number' | 'string'
  return Array.isArray(value) ? 'array' : 'object'
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function truthy(value: Json): boolean {
  return value !== null && value !== false
}

/** The member of an object, `undefined` where it has none. */
export function member(object: JsonObject, key: string): Json | undefined {
  const value = object[key]
  if (typeof value === 'function' || key === '__proto__') {
    return Object.hasOwn(object, key) ? object[key] : undefined
  }
  return value
}

export function hasMember(object: JsonObject, key: string): boolean {
  return Object.hasOwn(object, key)
}

/** Sets a member as plain data, also where its name is `__proto__`. */
export function setMember(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    object[key] = value
  }
}

export function copyObject(object: JsonObject): JsonObject {
  return { ...object }
}

/** V8 finds a member fastest under a string it has interned, which a slice of a text is not. */
export function intern(text: string): string {
  for (const key in { [text]: 0 }) return key
  return text
}

/** Object keys in the order of `keys`: by code point. */
export function sortedKeys(object: JsonObject): string[] {
  const keys = Object.keys(object)
  spend(keys.length)
  return keys.sort(compareStrings)
}

/** Compares by code point, where JavaScript's `<` compares UTF-16 units. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    if (x < 0xd800 || y < 0xd800) return x - y
    return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** A surrogate stands for a code point above U+FFFF, so it comes after every other unit. */
function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x10000
}

const order = { null: 0, false: 1, true: 2, number: 3, string: 4, array: 5, object: 6 } as const

function orderOf(value: Json): number {
  if (value === null) return order.null
  if (value === true) return order.true
  if (value === false) return order.false
  if (typeof value === 'number') return order.number
  if (typeof value === 'string') return order.string
  return Array.isArray(value) ? order.array : order.object
}

/** Below jq's own 10,000, because the stack of the host is in use here. */
const deepestComparison = 2000

/** jq's order of all values: null, false, true, numbers, strings, arrays, objects; NaN is below any number. */
export function compare(a: Json, b: Json, depth = 0): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a < b ? -1 : a === b ? 0 : a !== a ? -1 : b !== b ? 1 : a > b ? 1 : 0
  }
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b)
  const difference = orderOf(a) - orderOf(b)
  if (difference !== 0) return difference
  if (depth > deepestComparison) raise('Comparison too deep')
  if (Array.isArray(a)) return compareArrays(a, b as Json[], depth + 1)
  if (isObject(a)) return compareObjects(a, b as JsonObject, depth + 1)
  return 0
}

function compareArrays(a: Json[], b: Json[], depth: number): number {
  const length = Math.min(a.length, b.length)
  spend(length)
  for (let i = 0; i < length; i++) {
    const result = compare(a[i] as Json, b[i] as Json, depth)
    if (result !== 0) return result
  }
  return a.length - b.length
}

function compareObjects(a: JsonObject, b: JsonObject, depth: number): number {
  const keys = sortedKeys(a)
  const result = compareArrays(keys, sortedKeys(b), depth)
  if (result !== 0) return result
  for (const key of keys) {
    const byMember = compare(member(a, key) as Json, member(b, key) as Json, depth)
    if (byMember !== 0) return byMember
  }
  return 0
}

const deepestEquality = 10_000

/** Keeps its own list of what is left to compare: values may be nested deeper than the stack of the host. */
export function equal(a: Json, b: Json): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const left: [Json, Json, number][] = [[a, b, 0]]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [x, y, depth] = next
    if (x === y) continue
    if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return false
    if (depth > deepestEquality) raise('Equality check too deep')
    if (!queueParts(x, y, depth + 1, left)) return false
  }
  return true
}

/** Whether two containers agree so far; what they hold in containers is left for later. */
function queueParts(
  x: Json[] | JsonObject,
  y: Json[] | JsonObject,
  depth: number,
  left: [Json, Json, number][],
): boolean {
  if (Array.isArray(x)) {
    if (!Array.isArray(y) || x.length !== y.length) return false
    spend(x.length)
    for (let i = 0; i < x.length; i++) if (!queuePair(x[i] as Json, y[i] as Json, depth, left)) return false
    return true
  }
  if (Array.isArray(y)) return false
  const keys = Object.keys(x)
  if (keys.length !== Object.keys(y).length) return false
  spend(keys.length)
  for (const key of keys) {
    if (!Object.hasOwn(y, key) || !queuePair(x[key] as Json, y[key] as Json, depth, left)) return false
  }
  return true
}

function queuePair(x: Json, y: Json, depth: number, left: [Json, Json, number][]): boolean {
  if (x === y) return true
  if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return false
  left.push([x, y, depth])
  return true
}
