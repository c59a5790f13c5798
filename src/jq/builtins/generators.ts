/** Built-ins that take filters and decide how often to ask them: `select`, `map`, `range`, `first`, `recurse`, … */
import type { Node } from '../ast.ts'
import { add, described } from '../arithmetic.ts'
import { raise } from '../errors.ts'
import { containerSize, outOfSize, outOfSteps, state } from '../limits.ts'
import type { Json } from '../values.ts'
import { compare, equal, truthy } from '../values.ts'
import type { Compiler } from '../compile/compiler.ts'
import { valueFilter } from '../compile/filter.ts'
import { firstOfMany } from '../compile/assign.ts'
import { collectedPaths, iterate, iteratePlaces } from '../compile/data.ts'
import type { Emit, EmitPlace, Env, Many, Paths, Place, Single } from '../compile/filter.ts'
import { Filter, breakOut, collect, manyFrom } from '../compile/filter.ts'
import type { Scope } from '../compile/scope.ts'
import type { Builtin, Compile } from './builtin.ts'

const empty: Builtin = {
  name: 'empty',
  arity: 0,
  compile: () =>
    new Filter(
      () => undefined,
      () => false,
      () => () => false,
    ),
}

const error0: Builtin = { name: 'error', arity: 0, compile: () => valueFilter((input) => raise(input)) }

const error1: Builtin = {
  name: 'error',
  arity: 1,
  compile: (c, [node], scope) => {
    const message = c.compile(node as Node, scope)
    return valueFilter(undefined, (input, env) => message.many(input, env, raise))
  },
}

const select: Builtin = {
  name: 'select',
  arity: 1,
  compile: (c, [node], scope) => selecting(c.compile(node as Node, scope)),
}

function selecting(condition: Filter): Filter {
  const makePaths = (): Paths => (place, input, env, emit) =>
    condition.many(input, env, (value) => truthy(value) && emit(place, input))
  const test = condition.single
  if (test === undefined) {
    const many: Many = (input, env, emit) =>
      condition.many(input, env, (value) => truthy(value) && emit(input))
    return new Filter(undefined, many, makePaths)
  }
  const single: Single = (input, env) => {
    const value = test(input, env)
    return value === undefined || value === null || value === false ? undefined : input
  }
  return new Filter(single, manyFrom(single), makePaths)
}

/** `numbers`, `strings`, …: the input where it is of a kind. */
function selectKind(name: string, test: (input: Json) => boolean): Builtin {
  const filter = selecting(valueFilter((input) => test(input)))
  return { name, arity: 0, compile: () => filter }
}

const map: Builtin = {
  name: 'map',
  arity: 1,
  compile: (c, [node], scope) => {
    const each = c.compile(node as Node, scope)
    const single = mapSingle(each)
    return new Filter(single, manyFrom(single), () => {
      const { paths } = each
      return collectedPaths(
        () => (place, input, env, emit) =>
          iteratePlaces(place, input, false, (there, item) => paths(there, item, env, emit)),
      )
    })
  },
}

function mapSingle({ single, many }: Filter): Single {
  const all: Many = (input, env, emit) => iterate(input, false, (item) => many(item, env, emit))
  if (single === undefined) return (input, env) => collect(all, input, env)
  return (input, env) => {
    if (!Array.isArray(input)) return collect(all, input, env)
    const { length } = input
    if ((state.steps -= length) < 0) outOfSteps()
    if ((state.size -= length + containerSize) < 0) outOfSize()
    const results: Json[] = length > 10_000 ? [] : new Array<Json>(length)
    let count = 0
    for (let i = 0; i < length; i++) {
      const result = single(input[i] as Json, env)
      if (result !== undefined) results[count++] = result
    }
    results.length = count
    return results
  }
}

const first1: Builtin = {
  name: 'first',
  arity: 1,
  compile: (c, [node], scope) => firstFilter(c.compile(node as Node, scope)),
}

function firstFilter(filter: Filter): Filter {
  if (filter.single !== undefined) return filter
  const single = firstOfMany(filter.many)
  return new Filter(single, manyFrom(single), () => {
    const { paths } = filter
    return (place, input, env, emit) => takePlaces(1, (each) => paths(place, input, env, each), emit)
  })
}

/** The first `count` values; asks for no more once it has them. */
function take(count: number, run: (emit: Emit) => boolean, emit: Emit): boolean {
  let left = count
  let isDown = false
  const stopped = run((value) => {
    left--
    if (emit(value)) {
      isDown = true
      return true
    }
    return left <= 0
  })
  return isDown || (stopped && left > 0)
}

function takePlaces(count: number, run: (emit: EmitPlace) => boolean, emit: EmitPlace): boolean {
  let left = count
  let isDown = false
  const stopped = run((place, value) => {
    left--
    if (emit(place, value)) {
      isDown = true
      return true
    }
    return left <= 0
  })
  return isDown || (stopped && left > 0)
}

const last1: Builtin = {
  name: 'last',
  arity: 1,
  compile: (c, [node], scope) => {
    const filter = c.compile(node as Node, scope)
    return valueFilter(filter.single ?? lastOfMany(filter.many))
  },
}

function lastOfMany(many: Many): Single {
  return (input, env) => {
    let last: Json | undefined
    const stopped = many(input, env, (value) => {
      if (--state.steps < 0) outOfSteps()
      last = value
      return false
    })
    if (stopped) breakOut()
    return last
  }
}

/** How `limit`, `skip` and `nth` read their count. */
type Count = (value: Json) => number

/** Built-ins of a count and a filter: `limit(n; f)`, `skip(n; f)`, `nth(n; f)`. */
function counted(
  name: string,
  count: Count,
  many: (count: number, run: (emit: Emit) => boolean, emit: Emit) => boolean,
  paths: (count: number, run: (emit: EmitPlace) => boolean, emit: EmitPlace) => boolean,
): Builtin {
  const compile: Compile = (c, [countNode, node], scope) => {
    const counts = c.compile(countNode as Node, scope)
    const filter = c.compile(node as Node, scope)
    const all: Many = (input, env, emit) =>
      counts.many(input, env, (value) => {
        const number = count(value)
        return many(number, (each) => filter.many(input, env, countable(value, each)), emit)
      })
    return new Filter(undefined, all, () => {
      const inner = filter.paths
      return (place, input, env, emit) =>
        counts.many(input, env, (value) => {
          const number = count(value)
          return paths(number, (each) => inner(place, input, env, countable(value, each)), emit)
        })
    })
  }
  return { name, arity: 2, compile }
}

/** What is no number cannot be counted down, which shows at the first value. */
function countable<A extends unknown[]>(count: Json, emit: (...args: A) => boolean): (...args: A) => boolean {
  if (typeof count === 'number') return emit
  return () => raise(`${described(count)} and number (1) cannot be subtracted`)
}

function notNegative(message: string, round: (count: number) => number): Count {
  return (value) => {
    if (compare(value, 0) < 0) return raise(message)
    return typeof value === 'number' ? round(value) : 1
  }
}

const limit = counted(
  'limit',
  notNegative("limit doesn't support negative count", Math.ceil),
  (count, run, emit) => count > 0 && take(count, run, emit),
  (count, run, emit) => count > 0 && takePlaces(count, run, emit),
)

const skip = counted(
  'skip',
  notNegative("skip doesn't support negative count", Math.floor),
  (count, run, emit) => {
    let left = count
    return run((value) => (left > 0 ? pass(left--) : emit(value)))
  },
  (count, run, emit) => {
    let left = count
    return run((place, value) => (left > 0 ? pass(left--) : emit(place, value)))
  },
)

function pass(_: number): boolean {
  if (--state.steps < 0) outOfSteps()
  return false
}

const nth2 = counted(
  'nth',
  notNegative("nth doesn't support negative indices", Math.floor),
  (count, run, emit) => {
    let left = count
    return take(1, (each) => run((value) => (left > 0 ? pass(left--) : each(value))), emit)
  },
  (count, run, emit) => {
    let left = count
    return takePlaces(
      1,
      (each) => run((place, value) => (left > 0 ? pass(left--) : each(place, value))),
      emit,
    )
  },
)

function range(arity: number): Builtin {
  const compile: Compile = (c, nodes, scope) => {
    const args = nodes.map((node) => c.compile(node, scope))
    const [a, b, d] = args as [Filter, Filter, Filter]
    if (arity === 1) {
      return valueFilter(undefined, (input, env, emit) => a.many(input, env, (to) => count(0, to, 1, emit)))
    }
    if (arity === 2) {
      return valueFilter(undefined, (input, env, emit) =>
        a.many(input, env, (from) => b.many(input, env, (to) => count(from, to, 1, emit))),
      )
    }
    return valueFilter(undefined, (input, env, emit) =>
      a.many(input, env, (from) =>
        b.many(input, env, (to) => d.many(input, env, (by) => countBy(from, to, by, emit))),
      ),
    )
  }
  return { name: 'range', arity, compile }
}

function count(from: Json, to: Json, by: number, emit: Emit): boolean {
  if (typeof from !== 'number' || typeof to !== 'number') return raise('Range bounds must be numeric')
  for (let i = from; by > 0 ? i < to : i > to; i += by) {
    if (--state.steps < 0) outOfSteps()
    if (emit(i)) return true
  }
  return false
}

/** As jq's own `range/3`, which compares and adds values of any kind. */
function countBy(from: Json, to: Json, by: Json, emit: Emit): boolean {
  const direction = compare(by, 0)
  if (direction === 0) return false
  if (typeof from === 'number' && typeof to === 'number' && typeof by === 'number')
    return count(from, to, by, emit)
  for (let value = from; compare(value, to) * direction < 0; value = add(value, by)) {
    if (--state.steps < 0) outOfSteps()
    if (emit(value)) return true
  }
  return false
}

const until: Builtin = {
  name: 'until',
  arity: 2,
  compile: (c, [conditionNode, nextNode], scope) => {
    const condition = c.compile(conditionNode as Node, scope)
    const next = c.compile(nextNode as Node, scope)
    const many: Many = (input, env, emit) => {
      const from = (value: Json): boolean => {
        if (--state.steps < 0) outOfSteps()
        return condition.many(value, env, (done) =>
          truthy(done) ? emit(value) : next.many(value, env, from),
        )
      }
      return from(input)
    }
    const makePaths = (): Paths => {
      const nexts = next.paths
      return (place, input, env, emit) => {
        const from = (there: Place, value: Json): boolean => {
          if (--state.steps < 0) outOfSteps()
          return condition.many(value, env, (done) =>
            truthy(done) ? emit(there, value) : nexts(there, value, env, from),
          )
        }
        return from(place, input)
      }
    }
    if (condition.single === undefined || next.single === undefined)
      return new Filter(undefined, many, makePaths)
    const [test, step] = [condition.single, next.single]
    const single: Single = (input, env) => {
      for (let value = input; ;) {
        if (--state.steps < 0) outOfSteps()
        const done = test(value, env)
        if (done === undefined) return undefined
        if (truthy(done)) return value
        const after = step(value, env)
        if (after === undefined) return undefined
        value = after
      }
    }
    return new Filter(single, manyFrom(single), makePaths)
  },
}

/** `while` and `recurse`: the input, then the same again from what follows it. */
function unfold(
  name: string,
  arity: number,
  build: (c: Compiler, nodes: readonly Node[], scope: Scope) => Steps,
): Builtin {
  const compile: Compile = (c, nodes, scope) => {
    const { condition, next } = build(c, nodes, scope)
    const many: Many = (input, env, emit) => unfoldMany(condition, next, input, env, emit)
    return new Filter(undefined, many, () => {
      const nexts = next.paths
      return (place, input, env, emit) => {
        const from = (there: Place, value: Json): boolean => {
          if (--state.steps < 0) outOfSteps()
          const go = (): boolean => emit(there, value) || nexts(there, value, env, from)
          return condition === undefined ? go() : condition.many(value, env, (test) => truthy(test) && go())
        }
        return from(place, input)
      }
    })
  }
  return { name, arity, compile }
}

interface Steps {
  readonly condition: Filter | undefined
  readonly next: Filter
}

function unfoldMany(condition: Filter | undefined, next: Filter, input: Json, env: Env, emit: Emit): boolean {
  if (next.single !== undefined && (condition === undefined || condition.single !== undefined)) {
    const [step, test] = [next.single, condition?.single]
    for (let value: Json | undefined = input; value !== undefined; value = step(value, env)) {
      if (--state.steps < 0) outOfSteps()
      if (test !== undefined && !truthy(test(value, env) ?? false)) return false
      if (emit(value)) return true
    }
    return false
  }
  const from = (value: Json): boolean => {
    if (--state.steps < 0) outOfSteps()
    const go = (): boolean => emit(value) || next.many(value, env, from)
    return condition === undefined ? go() : condition.many(value, env, (test) => truthy(test) && go())
  }
  return from(input)
}

/** The values of the filter for the same input, over and over. */
const repeat: Builtin = {
  name: 'repeat',
  arity: 1,
  compile: (c, [node], scope) => {
    const filter = c.compile(node as Node, scope)
    const many: Many = (input, env, emit) => {
      for (;;) {
        if (--state.steps < 0) outOfSteps()
        if (filter.many(input, env, emit)) return true
      }
    }
    return new Filter(undefined, many, () => {
      const { paths } = filter
      return (place, input, env, emit) => {
        for (;;) {
          if (--state.steps < 0) outOfSteps()
          if (paths(place, input, env, emit)) return true
        }
      }
    })
  },
}

const recurse0: Builtin = {
  name: 'recurse',
  arity: 0,
  compile: () =>
    new Filter(
      undefined,
      (input, _env, emit) => descend(input, emit),
      () => (place, input, _env, emit) => descendPlaces(place, input, emit),
    ),
}

export function descend(value: Json, emit: Emit): boolean {
  if (--state.steps < 0) outOfSteps()
  if (emit(value)) return true
  if (typeof value !== 'object' || value === null) return false
  const items = Array.isArray(value) ? value : Object.values(value)
  for (let i = 0; i < items.length; i++) if (descend(items[i] as Json, emit)) return true
  return false
}

export function descendPlaces(place: Place, value: Json, emit: EmitPlace): boolean {
  return (
    emit(place, value) || iteratePlaces(place, value, true, (there, item) => descendPlaces(there, item, emit))
  )
}

/** Whether any (`wanted`) of the values is truthy; asks no further once one is. */
function quantifier(name: 'any' | 'all', arity: number): Builtin {
  const wanted = name === 'any'
  const compile: Compile = (c, nodes, scope) => {
    const [generatorNode, conditionNode] = arity === 2 ? nodes : [undefined, nodes[0]]
    const generator = generatorNode === undefined ? undefined : c.compile(generatorNode, scope)
    const condition = conditionNode === undefined ? undefined : c.compile(conditionNode, scope)
    return valueFilter((input, env) => {
      let found = false
      const test: Emit = (value) => {
        if (truthy(value) !== wanted) return false
        found = true
        return true
      }
      const each: Emit = condition === undefined ? test : (value) => condition.many(value, env, test)
      const stopped = generator === undefined ? iterate(input, false, each) : generator.many(input, env, each)
      if (stopped && !found) breakOut()
      return found === wanted
    })
  }
  return { name, arity, compile }
}

const isempty: Builtin = {
  name: 'isempty',
  arity: 1,
  compile: (c, [node], scope) => {
    const filter = c.compile(node as Node, scope)
    const first = filter.single ?? firstOfMany(filter.many)
    return valueFilter((input, env) => first(input, env) === undefined)
  },
}

/** `IN(s)`: whether the input is among the values. */
const isIn: Builtin = {
  name: 'IN',
  arity: 1,
  compile: (c, [node], scope) => {
    const filter = c.compile(node as Node, scope)
    return valueFilter((input, env) => {
      let found = false
      const stopped = filter.many(input, env, (value) => (found = equal(value, input)))
      if (stopped && !found) breakOut()
      return found
    })
  },
}

const walk: Builtin = {
  name: 'walk',
  arity: 1,
  compile: (c, [node], scope) => {
    const f = c.compile(node as Node, scope)
    const many: Many = (input, env, emit) =>
      f.many(
        rebuilt(input, (item) => collect(many, item, env)),
        env,
        emit,
      )
    if (f.single === undefined) return valueFilter(undefined, many)
    const change = f.single
    const single: Single = (input, env) =>
      change(
        rebuilt(input, (item) => {
          const result = single(item, env)
          return result === undefined ? [] : [result]
        }),
        env,
      )
    return valueFilter(single)
  },
}

/** An array of all that its elements become; an object of the first that each member becomes. */
function rebuilt(value: Json, change: (item: Json) => readonly Json[]): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items: Json[] = []
    for (const item of value) {
      if (--state.steps < 0) outOfSteps()
      for (const result of change(item)) items.push(result)
    }
    return items
  }
  const entries: [string, Json][] = []
  for (const key of Object.keys(value)) {
    if (--state.steps < 0) outOfSteps()
    const [result] = change(value[key] as Json)
    if (result !== undefined) entries.push([key, result])
  }
  return Object.fromEntries(entries)
}

export const generators: readonly Builtin[] = [
  ...[
    empty,
    error0,
    error1,
    select,
    map,
    first1,
    last1,
    limit,
    skip,
    nth2,
    range(1),
    range(2),
    range(3),
    until,
  ],
  unfold('while', 2, (c, [condition, next], scope) => ({
    condition: c.compile(condition as Node, scope),
    next: c.compile(next as Node, scope),
  })),
  repeat,
  unfold('recurse', 1, (c, [next], scope) => ({
    condition: undefined,
    next: c.compile(next as Node, scope),
  })),
  ...[recurse0, quantifier('any', 0), quantifier('any', 1), quantifier('any', 2), quantifier('all', 0)],
  ...[quantifier('all', 1), quantifier('all', 2), isempty, isIn, walk],
  selectKind('nulls', (input) => input === null),
  selectKind('values', (input) => input !== null),
  selectKind('booleans', (input) => typeof input === 'boolean'),
  selectKind('numbers', (input) => typeof input === 'number'),
  selectKind('strings', (input) => typeof input === 'string'),
  selectKind('arrays', (input) => Array.isArray(input)),
  selectKind('objects', (input) => typeof input === 'object' && input !== null && !Array.isArray(input)),
  selectKind('iterables', (input) => typeof input === 'object' && input !== null),
  selectKind('scalars', (input) => typeof input !== 'object' || input === null),
]
