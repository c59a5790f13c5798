/** Built-ins on arrays and objects: `keys`, `sort_by`, `group_by`, `add`, `flatten`, `to_entries`, … */
import { cannotIterate, codepointCount, indicesOfArray, indicesOfText, index } from '../access.ts'
import { add, checked, described } from '../arithmetic.ts'
import type { Node } from '../ast.ts'
import { raise } from '../errors.ts'
import { readNumber } from '../json-reader.ts'
import { stringify } from '../json.ts'
import { grow, spend } from '../limits.ts'
import type { Json, JsonObject } from '../values.ts'
import { compare, equal, hasMember, isObject, kindOf, setMember, sortedKeys, truthy } from '../values.ts'
import { valueFilter } from '../compile/filter.ts'
import { iterate } from '../compile/data.ts'
import type { Filter } from '../compile/filter.ts'
import { breakOut, collect } from '../compile/filter.ts'
import { tostring } from '../formats.ts'
import { encodeUtf8 } from '../utf8.ts'
import type { Builtin } from './builtin.ts'
import { plain, withValues } from './builtin.ts'

function length(input: Json): Json {
  if (typeof input === 'string') return codepointCount(input)
  if (input === null) return 0
  if (typeof input === 'number') return Math.abs(input)
  if (typeof input === 'boolean') return raise(`${described(input)} has no length`)
  return Array.isArray(input) ? input.length : Object.keys(input).length
}

function keys(input: Json, sorted: boolean): Json {
  if (Array.isArray(input)) return [...input.keys()]
  if (!isObject(input)) return raise(`${described(input)} has no keys`)
  const found = sorted ? sortedKeys(input) : Object.keys(input)
  grow(found.length)
  return found
}

function has(input: Json, key: Json): Json {
  if (input === null) return false
  if (isObject(input) && typeof key === 'string') return hasMember(input, key)
  if (Array.isArray(input) && typeof key === 'number') return key > -1 && Math.trunc(key) < input.length
  return raise(`Cannot check whether ${kindOf(input)} has a ${kindOf(key)} key`)
}

function contains(a: Json, b: Json): boolean {
  if (kindOf(a) !== kindOf(b))
    return raise(`${described(a)} and ${described(b)} cannot have their containment checked`)
  return holds(a, b, 0)
}

/** Below jq's own 10,000, because the stack of the host is in use here. */
const deepestContainment = 2000

function holds(a: Json, b: Json, depth: number): boolean {
  spend(1)
  if (depth > deepestContainment) return raise('Containment check too deep')
  if (typeof a === 'string' && typeof b === 'string') return a.includes(b)
  if (Array.isArray(a) && Array.isArray(b)) {
    for (const item of b) {
      let found = false
      for (let i = 0; i < a.length && !found; i++) found = holds(a[i] as Json, item, depth + 1)
      if (!found) return false
    }
    return true
  }
  if (!isObject(a) || !isObject(b)) return equal(a, b)
  for (const key of Object.keys(b)) {
    if (!hasMember(a, key) || !holds(a[key] as Json, b[key] as Json, depth + 1)) return false
  }
  return true
}

function sorted(input: Json): Json[] {
  if (!Array.isArray(input)) return raise(`${described(input)} cannot be sorted, as it is not an array`)
  spend(input.length)
  grow(input.length)
  return input.slice().sort(compare)
}

interface Keyed {
  readonly value: Json
  readonly key: Json
}

/** Each element with its sort key: all the values that the filter gives for it. */
function keyed(filter: Filter): (input: Json, env: Parameters<Filter['many']>[1]) => Keyed[] {
  const { single, many } = filter
  return (input, env) => {
    const result: Keyed[] = []
    if (!Array.isArray(input) && !isObject(input)) iterate(input, false, () => false)
    if (!Array.isArray(input)) {
      const values = Object.values(input as JsonObject).map((value) => collect(many, value, env))
      return raise(
        `${described(input)} and ${described(values)} cannot be sorted, as they are not both arrays`,
      )
    }
    spend(input.length)
    grow(2 * input.length)
    for (const value of input) {
      if (single === undefined) {
        result.push({ value, key: collect(many, value, env) })
        continue
      }
      const key = single(value, env)
      result.push({ value, key: key === undefined ? [] : [key] })
    }
    return result
  }
}

function byKey(a: Keyed, b: Keyed): number {
  return compare(a.key, b.key)
}

function withKeys(name: string, finish: (entries: Keyed[]) => Json): Builtin {
  return {
    name,
    arity: 1,
    compile: (c, [node], scope) => {
      const entries = keyed(c.compile(node as Node, scope))
      return valueFilter((input, env) => finish(entries(input, env)))
    },
  }
}

function groups(entries: Keyed[]): Json[][] {
  const result: Json[][] = []
  let key: Json | undefined
  for (const entry of entries.sort(byKey)) {
    if (key !== undefined && compare(key, entry.key) === 0) (result.at(-1) as Json[]).push(entry.value)
    else result.push([entry.value])
    key = entry.key
  }
  return result
}

/** Of equal elements the first is the least and the last is the greatest. */
function extreme(entries: readonly Keyed[], isLeast: boolean): Json {
  const [first, ...rest] = entries
  if (first === undefined) return null
  return rest.reduce((best, entry) => (byKey(entry, best) < 0 === isLeast ? entry : best), first).value
}

function extremeOf(input: Json, isLeast: boolean): Json {
  if (!Array.isArray(input))
    return raise(`${described(input)} and ${described(input)} cannot be iterated over`)
  spend(input.length)
  let [best] = input
  for (const item of input.slice(1)) if (compare(item, best as Json) < 0 === isLeast) best = item
  return best ?? null
}

function unique(input: Json): Json {
  const result: Json[] = []
  for (const item of sorted(input)) {
    if (result.length === 0 || compare(result.at(-1) as Json, item) !== 0) result.push(item)
  }
  return result
}

/** The sum of many values; strings, arrays and objects are not copied for each of them. */
function sum(run: (emit: (value: Json) => boolean) => boolean): Json {
  let total: Json = null
  let open: Json[] | JsonObject | undefined
  const stopped = run((value) => {
    if (open !== undefined && value !== null && kindOf(value) === kindOf(open)) {
      grow(extend(open, value))
    } else if (
      typeof value === 'object' &&
      value !== null &&
      total !== null &&
      kindOf(value) === kindOf(total)
    ) {
      open = Array.isArray(total) ? total.slice() : { ...(total as JsonObject) }
      grow(extend(open, value))
      total = open
    } else {
      total = add(total, value)
    }
    return false
  })
  if (stopped) breakOut()
  return total
}

function extend(target: Json, more: Json): number {
  if (Array.isArray(target)) {
    for (const item of more as Json[]) target.push(item)
    return (more as Json[]).length
  }
  const names = Object.keys(more as JsonObject)
  for (const key of names) setMember(target as JsonObject, key, (more as JsonObject)[key] as Json)
  return names.length
}

const add1: Builtin = {
  name: 'add',
  arity: 1,
  compile: (c, [node], scope) => {
    const { many } = c.compile(node as Node, scope)
    return valueFilter((input, env) => sum((emit) => many(input, env, emit)))
  },
}

function flatten(input: Json, depth: Json): Json {
  if (compare(depth, 0) < 0) return raise('flatten depth must not be negative')
  const result: Json[] = []
  const open: { items: readonly Json[]; next: number }[] = [{ items: itemsOf(input), next: 0 }]
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next === top.items.length) {
      open.pop()
      continue
    }
    spend(1)
    const item = top.items[top.next++] as Json
    if (!Array.isArray(item) || open.length - 1 === depth) result.push(item)
    else if (typeof depth === 'number') open.push({ items: item, next: 0 })
    else return raise(`${described(depth)} and number (1) cannot be subtracted`)
  }
  grow(result.length)
  return result
}

function itemsOf(input: Json): readonly Json[] {
  if (typeof input !== 'object' || input === null) return cannotIterate(input)
  return Array.isArray(input) ? input : Object.values(input)
}

/** As if by index from the end, so that only an array, or what has length 0, can be reversed. */
function reverse(input: Json): Json {
  if (!Array.isArray(input)) {
    const size = length(input) as number
    return size <= 0 ? [] : index(input, size - 1)
  }
  grow(input.length)
  return input.toReversed()
}

function toEntries(input: Json): Json {
  if (!isObject(input)) return isArrayOrRaise(input).map((value, key) => ({ key, value }))
  const names = Object.keys(input)
  grow(3 * names.length)
  return names.map((key) => ({ key, value: input[key] as Json }))
}

function isArrayOrRaise(input: Json): Json[] {
  return Array.isArray(input) ? input : raise(`${described(input)} has no keys`)
}

function fromEntries(input: Json): Json {
  const result: JsonObject = {}
  iterate(input, false, (entry) => {
    const key = ['key', 'Key', 'name', 'Name'].map((name) => index(entry, name)).find(truthy)
    const name = key ?? index(entry, 'Name')
    if (typeof name !== 'string') return raise(`Cannot use ${described(name)} as object key`)
    grow(1)
    setMember(result, name, has(entry, 'value') === true ? index(entry, 'value') : index(entry, 'Value'))
    return false
  })
  return result
}

function indices(input: Json, wanted: Json): Json {
  if (Array.isArray(input)) return indicesOfArray(input, Array.isArray(wanted) ? wanted : [wanted])
  if (typeof input === 'string' && typeof wanted === 'string') return indicesOfText(input, wanted)
  return index(input, wanted)
}

function endOf(found: Json, position: 0 | -1): Json {
  return Array.isArray(found) ? (found.at(position) ?? null) : index(found, 0)
}

function bsearch(input: Json, wanted: Json): Json {
  if (!Array.isArray(input)) return raise(`${described(input)} cannot be searched from`)
  let start = 0
  let end = input.length
  while (start < end) {
    const middle = (start + end) >> 1
    const order = compare(wanted, input[middle] as Json)
    if (order === 0) return middle
    if (order < 0) end = middle
    else start = middle + 1
  }
  return -1 - start
}

function join(input: Json, separator: Json): Json {
  let result: Json = null
  iterate(input, false, (item) => {
    const before: Json = result === null ? '' : add(result, separator)
    const text =
      typeof item === 'boolean' || typeof item === 'number' ? stringify(item) : item === null ? '' : item
    result = add(before, text)
    return false
  })
  return result !== null && result !== false ? result : ''
}

function transpose(input: Json): Json {
  const rows: Json[] = []
  iterate(input, false, (row) => {
    rows.push(row)
    return false
  })
  const width = rows.reduce<number>((widest, row) => Math.max(widest, length(row) as number), 0)
  grow(width * rows.length)
  return Array.from({ length: Math.ceil(width) }, (_, i) => rows.map((row) => index(row, i)))
}

function implode(input: Json): Json {
  if (!Array.isArray(input)) return raise('implode input must be an array')
  grow(input.length)
  let text = ''
  for (const item of input) {
    if (typeof item !== 'number' || item !== item) {
      return raise(`${described(item)} can't be imploded, unicode codepoint needs to be numeric`)
    }
    const code = Math.trunc(item)
    text +=
      code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
        ? '\ufffd'
        : String.fromCodePoint(code)
  }
  return text
}

function tonumber(input: Json): Json {
  const number = typeof input === 'number' ? input : typeof input === 'string' ? readNumber(input) : undefined
  return number === undefined ? raise(`${described(input)} cannot be parsed as a number`) : checked(number)
}

function toboolean(input: Json): Json {
  if (typeof input === 'boolean') return input
  return input === 'true'
    ? true
    : input === 'false'
      ? false
      : raise(`${described(input)} cannot be parsed as a boolean`)
}

export const collections: readonly Builtin[] = [
  plain('type', kindOf),
  plain('length', length),
  plain('utf8bytelength', (input) =>
    typeof input === 'string'
      ? encodeUtf8(input).length
      : raise(`${described(input)} only strings have UTF-8 byte length`),
  ),
  plain('not', (input) => !truthy(input)),
  plain('keys', (input) => keys(input, true)),
  plain('keys_unsorted', (input) => keys(input, false)),
  plain('tostring', tostring),
  plain('tonumber', tonumber),
  plain('toboolean', toboolean),
  plain('toarray', (input) => (Array.isArray(input) ? input : [input])),
  plain('sort', sorted),
  plain('unique', unique),
  plain('min', (input) => extremeOf(input, true)),
  plain('max', (input) => extremeOf(input, false)),
  plain('add', (input) => sum((emit) => iterate(input, false, emit))),
  plain('reverse', reverse),
  plain('to_entries', toEntries),
  plain('from_entries', fromEntries),
  plain('transpose', transpose),
  plain('implode', implode),
  plain('flatten', (input) => flatten(input, 1e9)),
  add1,
  withKeys('sort_by', (entries) => entries.sort(byKey).map(({ value }) => value)),
  withKeys('group_by', groups),
  withKeys('unique_by', (entries) => groups(entries).map(([first]) => first as Json)),
  withKeys('min_by', (entries) => extreme(entries, true)),
  withKeys('max_by', (entries) => extreme(entries, false)),
  withValues('has', 1, has),
  withValues('contains', 1, contains),
  withValues('flatten', 1, flatten),
  withValues('indices', 1, indices),
  withValues('index', 1, (input, wanted) => endOf(indices(input, wanted), 0)),
  withValues('rindex', 1, (input, wanted) => endOf(indices(input, wanted), -1)),
  withValues('bsearch', 1, bsearch),
  withValues('join', 1, join),
]
