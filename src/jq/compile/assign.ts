/** `=`, `|=` and the arithmetic updates: all work on the paths that their left side names. */
import { cannotIterate, index } from '../access.ts'
import type { Node, NodeOf } from '../ast.ts'
import { raise } from '../errors.ts'
import { shorten } from '../json.ts'
import { containerSize, grow, outOfSteps, state } from '../limits.ts'
import { deletePaths, getPath, setKey, setPath } from '../paths.ts'
import type { Json, JsonObject } from '../values.ts'
import { setMember, truthy } from '../values.ts'
import type { Compiler } from './compiler.ts'
import { valueFilter } from './filter.ts'
import { isPlaced } from './data.ts'
import type { Env, Filter, Many } from './filter.ts'
import { Place, breakOut } from './filter.ts'
import type { Operator } from './operators.ts'
import { operators } from './operators.ts'
import type { Scope } from './scope.ts'

export function compileAssign(c: Compiler, node: NodeOf<'assign'>, scope: Scope): Filter {
  const target = c.compile(node.target, scope)
  const value = c.compile(node.value, scope)
  const update = compileUpdate(c, node.target, scope)
  const modify: Modify =
    update === undefined
      ? (input, env, change) => modifyPlaces(target, input, env, change)
      : (input, env, change) => update(input, input, env, change) ?? null
  if (node.op === '|=') {
    const first = firstOf(value)
    return valueFilter((input, env) => modify(input, env, (before) => first(before, env)))
  }
  const operate: Operator | undefined =
    node.op === '=' ? undefined : node.op === '//=' ? orElse : operators[node.op.slice(0, -1) as '+']
  const apply = (input: Json, env: Env, given: Json): Json => {
    if (operate !== undefined) return modify(input, env, (before) => operate(before, given))
    return update === undefined ? assign(target, input, env, given) : modify(input, env, () => given)
  }
  if (value.single === undefined) {
    return valueFilter(undefined, (input, env, emit) =>
      value.many(input, env, (given) => emit(apply(input, env, given))),
    )
  }
  const { single } = value
  return valueFilter((input, env) => {
    const given = single(input, env)
    return given === undefined ? undefined : apply(input, env, given)
  })
}

/** What becomes of a value; `undefined` deletes it. */
type Change = (before: Json) => Json | undefined
type Modify = (input: Json, env: Env, change: Change) => Json

const orElse: Operator = (before, given) => (truthy(before) ? before : given)

/** The first value, `undefined` for none: an update takes no more. */
export function firstOf(filter: Filter): (input: Json, env: Env) => Json | undefined {
  return filter.single ?? firstOfMany(filter.many)
}

export function firstOfMany(many: Many): (input: Json, env: Env) => Json | undefined {
  return (input, env) => {
    let first: Json | undefined
    const stopped = many(input, env, (value) => {
      first = value
      return true
    })
    if (stopped && first === undefined) breakOut()
    return first
  }
}

/** Hands on the path of every place that the filter names. */
export function eachPath(filter: Filter, input: Json, env: Env, emit: (path: Json[]) => boolean): boolean {
  return filter.paths(new Place(undefined, null, input), input, env, (place, value) => {
    if (--state.steps < 0) outOfSteps()
    if (!isPlaced(place, value)) raise(`Invalid path expression with result ${shorten(value)}`)
    return emit(place.path())
  })
}

function assign(target: Filter, input: Json, env: Env, value: Json): Json {
  const owned = new Set<Json>()
  let result = input
  const stopped = eachPath(target, input, env, (path) => {
    result = setPath(result, path, value, owned)
    return false
  })
  if (stopped) breakOut()
  return result
}

/** Changes what is at each path; where the change gives nothing, the place is deleted, after all changes. */
function modifyPlaces(target: Filter, input: Json, env: Env, change: Change): Json {
  const owned = new Set<Json>()
  const deleted: Json[] = []
  let result = input
  const stopped = eachPath(target, input, env, (path) => {
    const before = getPath(result, path)
    // The change may keep what it is shown, so that is no longer only ours; nor is what lies within it.
    if (owned.has(before)) owned.clear()
    const after = change(before)
    if (after === undefined) deleted.push(path)
    else result = setPath(result, path, after, owned)
    return false
  })
  if (stopped) breakOut()
  return deleted.length === 0 ? result : deletePaths(result, deleted)
}

/** Changes a part of `value`; the keys on the way to it are computed from `input`. */
type Update = (value: Json, input: Json, env: Env, change: Change) => Json | undefined

/** For a target of keys and `[]` alone, which needs no list of paths; `undefined` for any other. */
function compileUpdate(c: Compiler, node: Node, scope: Scope): Update | undefined {
  if (node.type === 'identity') return (value, _input, _env, change) => change(value)
  if ((node.type !== 'index' && node.type !== 'iterate') || node.optional) return undefined
  const outer = compileUpdate(c, node.target, scope)
  if (outer === undefined) return undefined
  if (node.type === 'iterate') {
    return (value, input, env, change) =>
      outer(value, input, env, (container) => changeEach(container, change))
  }
  const key = c.compile(node.key, scope).single
  if (key === undefined) return undefined
  return (value, input, env, change) => {
    const k = key(input, env)
    if (k === undefined) return value
    if (--state.steps < 0) outOfSteps()
    return outer(value, input, env, (container) => {
      const after = change(index(container, k))
      return after === undefined ? deletePaths(container, [[k]]) : setKey(container, k, after)
    })
  }
}

function changeEach(container: Json, change: Change): Json {
  if (typeof container !== 'object' || container === null) return cannotIterate(container)
  if (Array.isArray(container)) {
    grow(container.length + containerSize)
    const items: Json[] = []
    for (const item of container) {
      if (--state.steps < 0) outOfSteps()
      const after = change(item)
      if (after !== undefined) items.push(after)
    }
    return items
  }
  const members: JsonObject = {}
  for (const key of Object.keys(container)) {
    if (--state.steps < 0) outOfSteps()
    const after = change(container[key] as Json)
    grow(1)
    if (after !== undefined) setMember(members, key, after)
  }
  return members
}
