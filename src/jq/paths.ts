/**
 * Writing and deleting by path. Inputs are never changed: what lies on the way to a change is copied, once.
 *
 * A series of changes to one value (`.[] |= f`, a `reduce`) would copy the same container for every element,
 * so a series passes an `Owned` set: containers that this series made, that nothing else can see, and that
 * may therefore be changed in place.
 */
import { index, sliceBounds, sliceEnds } from './access.ts'
import { raise } from './errors.ts'
import { grow, spend } from './limits.ts'
import type { Json, JsonObject } from './values.ts'
import { compare, copyObject, equal, hasMember, isObject, kindOf, setMember } from './values.ts'

export type Owned = Set<Json>

const deepest = 10_000

export function checkPath(path: Json): Json[] {
  if (!Array.isArray(path)) return raise('Path must be specified as an array')
  if (path.length > deepest) raise('Path too deep')
  return path
}

export function getPath(root: Json, path: Json): Json {
  let value = root
  for (const key of checkPath(path)) {
    if (value === null && (typeof key === 'string' || typeof key === 'number')) continue
    value = index(value, key)
  }
  return value
}

/** A copy of `root` with `value` at `path`. Keeps a list, not the stack: a path may be long. */
export function setPath(root: Json, path: Json, value: Json, owned?: Owned): Json {
  const keys = checkPath(path)
  const containers: Json[] = []
  let current = root
  for (const key of keys) {
    containers.push(current)
    current = index(current, key)
  }
  let result = value
  for (let i = keys.length - 1; i >= 0; i--)
    result = setKey(containers[i] as Json, keys[i] as Json, result, owned)
  return result
}

/** A copy of `target` with `value` under one key, or `target` itself where it is owned. */
export function setKey(target: Json, key: Json, value: Json, owned?: Owned): Json {
  if (typeof key === 'string' && (target === null || isObject(target))) {
    const object = target === null ? claim({}, owned) : ownObject(target, owned)
    grow(1)
    setMember(object, key, value)
    return object
  }
  if (typeof key === 'number' && (target === null || Array.isArray(target))) {
    return setElement(target ?? [], key, value, owned)
  }
  if (isObject(key) && (target === null || Array.isArray(target))) return setSlice(target ?? [], key, value)
  if (isObject(key) && typeof target === 'string') return raise('Cannot update string slices')
  return raise(`Cannot update field at ${kindOf(key)} index of ${kindOf(target)}`)
}

/** jq's own bound on the length of an array. */
const longestArray = 536_870_911

function setElement(target: Json[], key: number, value: Json, owned: Owned | undefined): Json {
  if (key !== key) return raise('Cannot set array element at NaN index')
  let at = Math.trunc(key)
  if (at < 0) at += target.length
  if (at < 0) return raise('Out of bounds negative array index')
  if (at >= longestArray) return raise('Array index too large')
  const array = ownArray(target, owned)
  if (at >= array.length) {
    grow(at - array.length + 1)
    while (array.length < at) array.push(null)
  }
  array[at] = value
  return array
}

function setSlice(target: Json[], key: JsonObject, value: Json): Json {
  const [start, end] = sliceBounds(target.length, ...sliceEnds(key))
  if (!Array.isArray(value)) return raise('A slice of an array can only be assigned another array')
  grow(target.length + value.length)
  return [...target.slice(0, start), ...value, ...target.slice(end)]
}

function ownObject(target: JsonObject, owned: Owned | undefined): JsonObject {
  if (owned?.has(target)) return target
  const copy = copyObject(target)
  grow(Object.keys(copy).length)
  return claim(copy, owned)
}

function ownArray(target: Json[], owned: Owned | undefined): Json[] {
  if (owned?.has(target)) return target
  grow(target.length)
  return claim(target.slice(), owned)
}

function claim<T extends Json>(container: T, owned: Owned | undefined): T {
  owned?.add(container)
  return container
}

/** Deletes all paths at once, so that none moves what another names. */
export function deletePaths(root: Json, paths: Json): Json {
  if (!Array.isArray(paths)) return raise('Paths must be specified as an array')
  spend(paths.length)
  const sorted = paths.slice().sort(compare)
  for (const path of sorted) {
    if (!Array.isArray(path)) return raise(`Path must be specified as array, not ${kindOf(path)}`)
    if (path.length > deepest) return raise('Path too deep')
  }
  const [first] = sorted as Json[][]
  if (first === undefined) return root
  return first.length === 0 ? null : deleteSorted(root, sorted as Json[][], 0)
}

function deleteSorted(root: Json, paths: readonly Json[][], depth: number): Json {
  const keys: Json[] = []
  let result = root
  for (let i = 0; i < paths.length;) {
    const path = paths[i] as Json[]
    const key = path[depth] as Json
    let end = i + 1
    while (end < paths.length && equal(key, (paths[end] as Json[])[depth] as Json)) end++
    spend(end - i)
    if (path.length === depth + 1) {
      keys.push(key)
    } else {
      const inner = index(result, key)
      if (inner !== null) result = setKey(result, key, deleteSorted(inner, paths.slice(i, end), depth + 1))
    }
    i = end
  }
  return deleteKeys(result, keys)
}

function deleteKeys(target: Json, keys: readonly Json[]): Json {
  if (target === null || keys.length === 0) return target
  if (Array.isArray(target)) return deleteElements(target, keys)
  if (!isObject(target)) return raise(`Cannot delete fields from ${kindOf(target)}`)
  const doomed = new Set<string>()
  for (const key of keys) {
    if (typeof key !== 'string') return raise(`Cannot delete ${kindOf(key)} field of object`)
    if (hasMember(target, key)) doomed.add(key)
  }
  if (doomed.size === 0) return target
  const kept: JsonObject = {}
  const all = Object.keys(target)
  grow(all.length)
  for (const key of all) if (!doomed.has(key)) setMember(kept, key, target[key] as Json)
  return kept
}

function deleteElements(target: Json[], keys: readonly Json[]): Json {
  const doomed = new Set<number>()
  const ranges: [number, number][] = []
  for (const key of keys) {
    if (typeof key === 'number') {
      if (key === key) doomed.add(key < 0 ? Math.trunc(key) + target.length : Math.trunc(key))
    } else if (isObject(key)) {
      ranges.push(sliceBounds(target.length, ...sliceEnds(key)))
    } else {
      return raise(`Cannot delete ${kindOf(key)} element of array`)
    }
  }
  grow(target.length)
  return target.filter((_, i) => !doomed.has(i) && !ranges.some(([start, end]) => start <= i && i < end))
}
