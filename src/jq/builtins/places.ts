/** Built-ins on paths: `path`, `getpath`, `del`, `pick`, `tostream`, … */
import type { Node } from '../ast.ts'
import { index } from '../access.ts'
import { outOfSteps, state } from '../limits.ts'
import { checkPath, deletePaths, getPath, setPath } from '../paths.ts'
import type { Json } from '../values.ts'
import { truthy } from '../values.ts'
import { valueFilter } from '../compile/filter.ts'
import { eachPath } from '../compile/assign.ts'
import { isPlaced } from '../compile/data.ts'
import type { Emit, Paths } from '../compile/filter.ts'
import { Filter, Place, breakOut, manyFrom } from '../compile/filter.ts'
import type { Builtin } from './builtin.ts'
import { withValues } from './builtin.ts'
import { descendPlaces } from './generators.ts'

const path: Builtin = {
  name: 'path',
  arity: 1,
  compile: (c, [node], scope) => {
    const filter = c.compile(node as Node, scope)
    return valueFilter(undefined, (input, env, emit) => eachPath(filter, input, env, emit))
  },
}

const getpath: Builtin = {
  name: 'getpath',
  arity: 1,
  compile: (c, [node], scope) => {
    const paths = c.compile(node as Node, scope)
    const makePaths = (): Paths => (place, input, env, emit) =>
      paths.many(input, env, (keys) => {
        const value = getPath(input, keys)
        return isPlaced(place, input)
          ? emit(placeAt(place, input, keys as Json[], value), value)
          : emit(place, value)
      })
    const given = paths.single
    if (given === undefined) {
      return new Filter(
        undefined,
        (input, env, emit) => paths.many(input, env, (keys) => emit(getPath(input, keys))),
        makePaths,
      )
    }
    const single: Filter['single'] = (input, env) => {
      const keys = given(input, env)
      return keys === undefined ? undefined : getPath(input, keys)
    }
    return new Filter(single, manyFrom(single), makePaths)
  },
}

function placeAt(place: Place, input: Json, keys: readonly Json[], end: Json): Place {
  let there = place
  let value: Json = input
  for (const [i, key] of keys.entries()) {
    value = i === keys.length - 1 ? end : value === null ? null : index(value, key)
    there = new Place(there, key, value)
  }
  return there
}

/** The places of the input and of all values within it. */
function eachPlace(input: Json, emit: (place: Place, value: Json) => boolean): boolean {
  return descendPlaces(new Place(undefined, null, input), input, (place, value) => {
    if (--state.steps < 0) outOfSteps()
    return emit(place, value)
  })
}

const paths0: Builtin = {
  name: 'paths',
  arity: 0,
  compile: () =>
    valueFilter(undefined, (input, _env, emit) =>
      eachPlace(input, (place) => place.up !== undefined && emit(place.path())),
    ),
}

const paths1: Builtin = {
  name: 'paths',
  arity: 1,
  compile: (c, [node], scope) => {
    const condition = c.compile(node as Node, scope)
    return valueFilter(undefined, (input, env, emit) =>
      eachPlace(input, (place, value) =>
        condition.many(value, env, (test) => truthy(test) && place.up !== undefined && emit(place.path())),
      ),
    )
  },
}

const del: Builtin = {
  name: 'del',
  arity: 1,
  compile: (c, [node], scope) => {
    const filter = c.compile(node as Node, scope)
    return valueFilter((input, env) => {
      const found: Json[] = []
      const stopped = eachPath(filter, input, env, (keys) => {
        found.push(keys)
        return false
      })
      if (stopped) breakOut()
      return deletePaths(input, found)
    })
  },
}

const pick: Builtin = {
  name: 'pick',
  arity: 1,
  compile: (c, [node], scope) => {
    const filter = c.compile(node as Node, scope)
    return valueFilter((input, env) => {
      const owned = new Set<Json>()
      let result: Json = null
      const stopped = eachPath(filter, input, env, (keys) => {
        result = setPath(result, keys, getPath(input, keys), owned)
        return false
      })
      if (stopped) breakOut()
      return result
    })
  },
}

/** `[path, leaf]` for each leaf, and `[path]` where a container ends. */
function toStream(input: Json, emit: Emit): boolean {
  const from = (value: Json, keys: Json[]): boolean => {
    if (--state.steps < 0) outOfSteps()
    if (typeof value !== 'object' || value === null) return emit([keys, value])
    const names: Json[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
    const last = names.at(-1)
    if (last === undefined) return emit([keys, value])
    if (names.some((name) => from(index(value, name), [...keys, name]))) return true
    return emit([[...keys, last]])
  }
  return from(input, [])
}

const tostream: Builtin = {
  name: 'tostream',
  arity: 0,
  compile: () => valueFilter(undefined, (input, _env, emit) => toStream(input, emit)),
}

const fromstream: Builtin = {
  name: 'fromstream',
  arity: 1,
  compile: (c, [node], scope) => {
    const events = c.compile(node as Node, scope)
    return valueFilter(undefined, (input, env, emit) => {
      let built: Json = null
      let owned = new Set<Json>()
      return events.many(input, env, (event) => {
        if (--state.steps < 0) outOfSteps()
        const keys = checkPath(index(event, 0) ?? [])
        const isLeaf = Array.isArray(event) && event.length === 2
        if (isLeaf) built = setPath(built, keys, event[1] as Json, owned)
        if (keys.length !== (isLeaf ? 0 : 1)) return false
        const done = built
        built = null
        owned = new Set()
        return emit(done)
      })
    })
  },
}

export const places: readonly Builtin[] = [
  ...[path, getpath, paths0, paths1, del, pick, tostream, fromstream],
  withValues('setpath', 2, (input, keys, value) => setPath(input, keys, value)),
  withValues('delpaths', 1, deletePaths),
  firstOrLast('first', 0),
  firstOrLast('last', -1),
  nth(),
]

/** `first`, `last` and `nth(n)` are `.[0]`, `.[-1]` and `.[n]`, as paths, too. */
function firstOrLast(name: string, position: number): Builtin {
  return {
    name,
    arity: 0,
    compile: (c, _args, scope, at) =>
      c.compile(elementNode(at, { type: 'literal', at, value: position }), scope),
  }
}

function nth(): Builtin {
  return {
    name: 'nth',
    arity: 1,
    compile: (c, [node], scope, at) => c.compile(elementNode(at, node as Node), scope),
  }
}

function elementNode(at: number, key: Node): Node {
  return { type: 'index', at, target: { type: 'identity', at }, key, optional: false }
}
