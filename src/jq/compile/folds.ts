/** `reduce` and `foreach`. */
import type { NodeOf } from '../ast.ts'
import { outOfSteps, state } from '../limits.ts'
import type { Json } from '../values.ts'
import type { Compiler } from './compiler.ts'
import { compilePatterns } from './bindings.ts'
import type { Many, Paths, Single, Place } from './filter.ts'
import { Env, Filter, breakOut, manyFrom } from './filter.ts'
import { compileInPlace } from './in-place.ts'
import type { Scope } from './scope.ts'

/** The state after an update: its last value, null where it gave none. */
function lastOf(filter: Filter): (input: Json, env: Env) => Json {
  const { single, many } = filter
  if (single !== undefined) return (input, env) => single(input, env) ?? null
  return (input, env) => {
    let last: Json = null
    const stopped = many(input, env, (value) => {
      last = value
      return false
    })
    if (stopped) breakOut()
    return last
  }
}

export function compileReduce(c: Compiler, node: NodeOf<'reduce'>, scope: Scope): Filter {
  const source = c.compile(node.source, scope)
  const binding = compilePatterns(c, node.patterns, scope)
  const init = c.compile(node.init, scope)
  const update = c.compile(node.update, binding.scope)
  const inPlace = compileInPlace(c, node.update, binding.scope)
  const next = lastOf(update)
  const fold = (input: Json, env: Env, first: Json): Json => {
    let accumulator = first
    const owned = new Set<Json>()
    const step = (bound: Env): boolean => {
      if (--state.steps < 0) outOfSteps()
      accumulator = inPlace === undefined ? next(accumulator, bound) : inPlace(accumulator, bound, owned)
      return false
    }
    const stopped = binding.isPlain
      ? source.many(input, env, (value) => step(new Env(env, value)))
      : source.many(input, env, (value) => binding.bind(value, input, env, step))
    if (stopped) breakOut()
    return accumulator
  }
  const makePaths = (): Paths => {
    const [starts, updates] = [init.paths, update.paths]
    const sources = source.paths
    return (place, input, env, emit) =>
      starts(place, input, env, (start, first) => {
        let accumulator = first
        const stopped = sources(start, input, env, (there, value) =>
          binding.bind(value, input, env, (bound) => {
            if (--state.steps < 0) outOfSteps()
            const before = accumulator
            accumulator = null
            return updates(there, before, bound, (_, after) => {
              accumulator = after
              return false
            })
          }),
        )
        return stopped || emit(start, accumulator)
      })
  }
  if (init.single !== undefined) {
    const start = init.single
    const single: Single = (input, env) => {
      const first = start(input, env)
      return first === undefined ? undefined : fold(input, env, first)
    }
    return new Filter(single, manyFrom(single), makePaths)
  }
  const many: Many = (input, env, emit) => init.many(input, env, (first) => emit(fold(input, env, first)))
  return new Filter(undefined, many, makePaths)
}

export function compileForeach(c: Compiler, node: NodeOf<'foreach'>, scope: Scope): Filter {
  const source = c.compile(node.source, scope)
  const binding = compilePatterns(c, node.patterns, scope)
  const init = c.compile(node.init, scope)
  const update = c.compile(node.update, binding.scope)
  const extract = node.extract === undefined ? undefined : c.compile(node.extract, binding.scope)
  const many: Many = (input, env, emit) =>
    init.many(input, env, (first) => {
      let accumulator = first
      return source.many(input, env, (value) =>
        binding.bind(value, input, env, (bound) => {
          if (--state.steps < 0) outOfSteps()
          const before = accumulator
          accumulator = null
          return update.many(before, bound, (after) => {
            accumulator = after
            return extract === undefined ? emit(after) : extract.many(after, bound, emit)
          })
        }),
      )
    })
  return new Filter(undefined, many, () => {
    const [starts, sources, updates, extracts] = [init.paths, source.paths, update.paths, extract?.paths]
    return (place, input, env, emit) =>
      starts(place, input, env, (start, first) => {
        let accumulator = first
        return sources(start, input, env, (there, value) =>
          binding.bind(value, input, env, (bound) => {
            if (--state.steps < 0) outOfSteps()
            const before = accumulator
            accumulator = null
            return updates(there, before, bound, (next: Place, after) => {
              accumulator = after
              return extracts === undefined ? emit(next, after) : extracts(next, after, bound, emit)
            })
          }),
        )
      })
  })
}
