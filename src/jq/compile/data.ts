/** Taking values apart (`.a`, `.[k]`, `.[a:b]`, `.[]`) and putting them together (`[…]`, `{…}`). */
import { cannotIterate, field, index, slice } from '../access.ts'
import type { Node, NodeOf } from '../ast.ts'
import { Raised, raise } from '../errors.ts'
import { shorten } from '../json.ts'
import { containerSize, grow, outOfSize, outOfSteps, state } from '../limits.ts'
import type { Json, JsonObject } from '../values.ts'
import { intern, kindOf, setMember } from '../values.ts'
import type { Compiler } from './compiler.ts'
import { valueFilter } from './filter.ts'
import type { Emit, Env, Many, Paths, Single } from './filter.ts'
import { Filter, Place, collect, manyFrom } from './filter.ts'
import type { Scope } from './scope.ts'

export function compileIndex(c: Compiler, node: NodeOf<'index'>, scope: Scope): Filter {
  const { optional } = node
  const target = c.compile(node.target, scope)
  const key = c.compile(node.key, scope)
  const read = optional ? quiet(index) : index
  const makePaths = (): Paths => indexPaths(target.paths, key.many, read)
  if (target.single === undefined || key.single === undefined) {
    const many: Many = (input, env, emit) =>
      key.many(input, env, (k) =>
        target.many(input, env, (t) => {
          const value = read(t, k)
          return value === undefined ? false : emit(value)
        }),
      )
    return new Filter(undefined, many, makePaths)
  }
  const single = indexSingle(c, node, scope, target.single, key.single)
  return new Filter(single, manyFrom(single), makePaths)
}

function indexSingle(c: Compiler, node: NodeOf<'index'>, scope: Scope, target: Single, key: Single): Single {
  if (node.optional) {
    const read = quiet(index)
    return (input, env) => {
      const k = key(input, env)
      const t = k === undefined ? undefined : target(input, env)
      return t === undefined ? undefined : read(t, k as Json)
    }
  }
  const chain = fieldChain(node)
  if (chain !== undefined)
    return chainSingle(
      chain.names,
      chain.base.type === 'identity' ? undefined : c.compile(chain.base, scope).single,
    )
  return (input, env) => {
    const k = key(input, env)
    const t = k === undefined ? undefined : target(input, env)
    return t === undefined ? undefined : index(t, k as Json)
  }
}

/** `base.a.b.c` as one list of names: the commonest filter of all is one closure. */
function fieldChain(node: Node): { base: Node; names: string[] } | undefined {
  const names: string[] = []
  let base = node
  while (
    base.type === 'index' &&
    !base.optional &&
    base.key.type === 'literal' &&
    typeof base.key.value === 'string'
  ) {
    names.unshift(intern(base.key.value))
    base = base.target
  }
  return names.length === 0 ? undefined : { base, names }
}

/** Names that an array or an object may have without being given them, and positions in an array. */
function isUnusual(name: string): boolean {
  return name in Array.prototype || name in Object.prototype || /^\d+$/.test(name)
}

function chainSingle(names: readonly string[], base: Single | undefined): Single {
  const read = names.some(isUnusual) ? readCarefully(names) : readFields(names)
  if (base === undefined) return read
  return (input, env) => {
    const value = base(input, env)
    return value === undefined ? undefined : read(value)
  }
}

function readCarefully(names: readonly string[]): (input: Json) => Json {
  return (input) => {
    let value = input
    for (const name of names) value = field(value, name)
    return value
  }
}

function readFields(names: readonly string[]): (input: Json) => Json {
  const [first = '', second = '', third = ''] = names
  switch (names.length) {
    case 1:
      return (input) => {
        if (typeof input === 'object' && input !== null) {
          const value = (input as JsonObject)[first]
          if (value !== undefined) return value
        }
        return field(input, first)
      }
    case 2:
      return (input) => readField(readField(input, first), second)
    case 3:
      return (input) => readField(readField(readField(input, first), second), third)
    default:
      return (input) => {
        let value = input
        for (const name of names) value = readField(value, name)
        return value
      }
  }
}

function readField(input: Json, name: string): Json {
  if (typeof input === 'object' && input !== null) {
    const value = (input as JsonObject)[name]
    if (value !== undefined) return value
  }
  return field(input, name)
}

/** The reading of `.[k]?`: nothing, where `.[k]` is an error. */
function quiet<A extends readonly Json[]>(read: (target: Json, ...args: A) => Json) {
  return (target: Json, ...args: A): Json | undefined => {
    try {
      return read(target, ...args)
    } catch (error) {
      if (error instanceof Raised) return undefined
      throw error
    }
  }
}

function indexPaths(target: Paths, key: Many, read: (target: Json, key: Json) => Json | undefined): Paths {
  return (place, input, env, emit) =>
    key(input, env, (k) =>
      target(place, input, env, (there, t) => {
        checkPlace(there, t, k)
        const value = read(t, k)
        return value === undefined ? false : emit(new Place(there, k, value), value)
      }),
    )
}

/** A path may only go on from the value that is at its place. */
export function isPlaced(place: Place, value: Json): boolean {
  return Object.is(place.value, value)
}

function checkPlace(place: Place, value: Json, key: Json): void {
  if (isPlaced(place, value)) return
  raise(`Invalid path expression near attempt to access element ${shorten(key)} of ${shorten(value)}`)
}

export function compileSlice(c: Compiler, node: NodeOf<'slice'>, scope: Scope): Filter {
  const nothing: Node = { type: 'literal', at: node.at, value: null }
  const target = c.compile(node.target, scope)
  const from = c.compile(node.from ?? nothing, scope)
  const to = c.compile(node.to ?? nothing, scope)
  const read = node.optional ? quiet(slice) : slice
  const makePaths = (): Paths => {
    const targets = target.paths
    return (place, input, env, emit) =>
      from.many(input, env, (start) =>
        to.many(input, env, (end) =>
          targets(place, input, env, (there, t) => {
            const key = { start, end }
            checkPlace(there, t, key)
            const value = read(t, start, end)
            return value === undefined ? false : emit(new Place(there, key, value), value)
          }),
        ),
      )
  }
  if (target.single !== undefined && from.single !== undefined && to.single !== undefined) {
    const [targets, starts, ends] = [target.single, from.single, to.single]
    const single: Single = (input, env) => {
      const start = starts(input, env)
      const end = start === undefined ? undefined : ends(input, env)
      const value = end === undefined ? undefined : targets(input, env)
      return value === undefined ? undefined : read(value, start as Json, end as Json)
    }
    return new Filter(single, manyFrom(single), makePaths)
  }
  const many: Many = (input, env, emit) =>
    from.many(input, env, (start) =>
      to.many(input, env, (end) =>
        target.many(input, env, (t) => {
          const value = read(t, start, end)
          return value === undefined ? false : emit(value)
        }),
      ),
    )
  return new Filter(undefined, many, makePaths)
}

export function compileIterate(c: Compiler, node: NodeOf<'iterate'>, scope: Scope): Filter {
  const { optional } = node
  const target = c.compile(node.target, scope)
  const targets = target.single
  const many: Many =
    node.target.type === 'identity'
      ? (input, _env, emit) => iterate(input, optional, emit)
      : targets !== undefined
        ? (input, env, emit) => {
            const value = targets(input, env)
            return value === undefined ? false : iterate(value, optional, emit)
          }
        : (input, env, emit) => target.many(input, env, (value) => iterate(value, optional, emit))
  return new Filter(undefined, many, () => {
    const places = target.paths
    return (place, input, env, emit) =>
      places(place, input, env, (there, value) => iteratePlaces(there, value, optional, emit))
  })
}

/** Hands on every element or member. */
export function iterate(value: Json, optional: boolean, emit: Emit): boolean {
  if (typeof value !== 'object' || value === null) return optional ? false : cannotIterate(value)
  const values = Array.isArray(value) ? value : Object.values(value)
  for (let i = 0; i < values.length; i++) {
    if (--state.steps < 0) outOfSteps()
    if (emit(values[i] as Json)) return true
  }
  return false
}

export function iteratePlaces(
  place: Place,
  value: Json,
  optional: boolean,
  emit: (place: Place, value: Json) => boolean,
): boolean {
  if (!isPlaced(place, value))
    raise(`Invalid path expression near attempt to iterate through ${shorten(value)}`)
  if (typeof value !== 'object' || value === null) return optional ? false : cannotIterate(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (--state.steps < 0) outOfSteps()
      const item = value[i] as Json
      if (emit(new Place(place, i, item), item)) return true
    }
    return false
  }
  for (const key of Object.keys(value)) {
    if (--state.steps < 0) outOfSteps()
    const item = value[key] as Json
    if (emit(new Place(place, key, item), item)) return true
  }
  return false
}

export function compileArray(c: Compiler, node: NodeOf<'array'>, scope: Scope): Filter {
  if (node.body === undefined) return valueFilter(() => [])
  const body = c.compile(node.body, scope)
  const { single, many } = body
  const collected: Single =
    single === undefined
      ? (input, env) => collect(many, input, env)
      : (input, env) => {
          const value = single(input, env)
          grow(containerSize)
          return value === undefined ? [] : [value]
        }
  return new Filter(collected, manyFrom(collected), () => collectedPaths(() => body.paths))
}

/** An array is no place, but in a path what it is made of is checked as one. */
export function collectedPaths(makeParts: () => Paths): Paths {
  const parts = makeParts()
  return (place, input, env, emit) => {
    const values: Json[] = []
    const stopped = parts(place, input, env, (_, value) => {
      if (--state.size < 0) outOfSize()
      values.push(value)
      return false
    })
    return stopped || emit(place, values)
  }
}

export function compileObject(c: Compiler, node: NodeOf<'object'>, scope: Scope): Filter {
  const keys = node.pairs.map((pair) => c.compile(pair.key, scope))
  const values = node.pairs.map((pair) => c.compile(pair.value, scope))
  const singles = values.map((value) => value.single)
  const literals = node.pairs.map((pair) => (pair.key.type === 'literal' ? pair.key.value : undefined))
  if (singles.every((single) => single !== undefined)) {
    if (literals.every((key) => typeof key === 'string'))
      return valueFilter(objectOfLiterals(literals, singles))
    const dynamic = keys.map((key) => key.single)
    if (dynamic.every((key) => key !== undefined)) return valueFilter(objectOfSingles(dynamic, singles))
  }
  const build = (at: number, object: JsonObject, input: Json, env: Env, emit: Emit): boolean => {
    if (at === keys.length) return emit(object)
    return (keys[at] as Filter).many(input, env, (key) =>
      (values[at] as Filter).many(input, env, (value) => {
        grow(at + 1)
        const next = { ...object }
        setMember(next, checkKey(key), value)
        return build(at + 1, next, input, env, emit)
      }),
    )
  }
  return valueFilter(undefined, (input, env, emit) => build(0, {}, input, env, emit))
}

function checkKey(key: Json): string {
  return typeof key === 'string' ? key : raise(`Cannot use ${kindOf(key)} (${shorten(key)}) as object key`)
}

function objectOfLiterals(names: readonly string[], values: readonly Single[]): Single {
  const { length } = names
  const isPlain = !names.includes('__proto__')
  const keys = names.map(intern)
  const Shape = shapeFor(keys)
  const size = length + containerSize
  return (input, env) => {
    const object = new Shape()
    if ((state.size -= size) < 0) outOfSize()
    for (let i = 0; i < length; i++) {
      const value = (values[i] as Single)(input, env)
      if (value === undefined) return undefined
      if (isPlain) object[keys[i] as string] = value
      else setMember(object, keys[i] as string, value)
    }
    return object
  }
}

/**
 * Makes plain objects with room for just these members. V8 learns from the first few objects of a constructor
 * how large the next will be; a literal `{}` has to grow when a fifth member comes, which costs half the time.
 */
function shapeFor(keys: readonly string[]): new () => JsonObject {
  const Shape = function () {} as unknown as (new () => JsonObject) & { prototype: object }
  Shape.prototype = Object.prototype
  if (keys.length <= 4) return Object as unknown as new () => JsonObject
  for (let turn = 0; turn < 8; turn++) {
    const object = new Shape()
    for (const key of keys) setMember(object, key, turn % 2 === 0 ? 0 : {})
  }
  return Shape
}

function objectOfSingles(keys: readonly Single[], values: readonly Single[]): Single {
  return (input, env) => {
    const object: JsonObject = {}
    grow(keys.length)
    for (let i = 0; i < keys.length; i++) {
      const key = (keys[i] as Single)(input, env)
      const value = key === undefined ? undefined : (values[i] as Single)(input, env)
      if (value === undefined) return undefined
      setMember(object, checkKey(key as Json), value)
    }
    return object
  }
}
