/** `if`, `try`, `label` and `break`. */
import type { NodeOf } from '../ast.ts'
import { Raised } from '../errors.ts'
import { state } from '../limits.ts'
import type { Json } from '../values.ts'
import { truthy } from '../values.ts'
import type { Compiler } from './compiler.ts'
import { valueFilter } from './filter.ts'
import type { EmitPlace, Many, Paths, Single } from './filter.ts'
import { Env, Filter, breakSignal, manyFrom } from './filter.ts'
import { compileIdentity } from './plain.ts'
import type { Scope } from './scope.ts'
import { hop } from './scope.ts'

export function compileIf(c: Compiler, node: NodeOf<'if'>, scope: Scope, tail: boolean): Filter {
  const otherwise = node.otherwise === undefined ? compileIdentity() : c.compile(node.otherwise, scope, tail)
  return node.branches.reduceRight((rest, branch) => {
    const condition = c.compile(branch.condition, scope)
    const isOne = condition.single !== undefined
    return choose(condition, c.compile(branch.body, scope, tail && isOne), rest)
  }, otherwise)
}

function choose(condition: Filter, then: Filter, otherwise: Filter): Filter {
  const makePaths = (): Paths => {
    const [yes, no] = [then.paths, otherwise.paths]
    return (place, input, env, emit) =>
      condition.many(input, env, (value) => (truthy(value) ? yes : no)(place, input, env, emit))
  }
  const test = condition.single
  if (test === undefined) {
    const many: Many = (input, env, emit) =>
      condition.many(input, env, (value) => (truthy(value) ? then : otherwise).many(input, env, emit))
    return new Filter(undefined, many, makePaths)
  }
  if (then.single !== undefined && otherwise.single !== undefined) {
    const [yes, no] = [then.single, otherwise.single]
    const single: Single = (input, env) => {
      const value = test(input, env)
      if (value === undefined) return undefined
      return value === null || value === false ? no(input, env) : yes(input, env)
    }
    return new Filter(single, manyFrom(single), makePaths)
  }
  const [yes, no] = [then.many, otherwise.many]
  const many: Many = (input, env, emit) => {
    const value = test(input, env)
    if (value === undefined) return false
    return value === null || value === false ? no(input, env, emit) : yes(input, env, emit)
  }
  return new Filter(undefined, many, makePaths)
}

const nothing: Filter = new Filter(
  () => undefined,
  () => false,
  () => () => false,
)

export function compileTry(c: Compiler, node: NodeOf<'try'>, scope: Scope): Filter {
  const body = c.compile(node.body, scope)
  const handler = node.handler === undefined ? nothing : c.compile(node.handler, scope)
  const makePaths = (): Paths => tryPaths(body.paths, handler.paths)
  if (body.single !== undefined && handler.single !== undefined) {
    const [attempt, recover] = [body.single, handler.single]
    const single: Single = (input, env) => {
      const { depth } = state
      let value: Json
      try {
        return attempt(input, env)
      } catch (error) {
        if (!(error instanceof Raised)) throw error
        ;({ value } = error)
      }
      state.depth = depth
      return recover(value, env)
    }
    return new Filter(single, manyFrom(single), makePaths)
  }
  return new Filter(undefined, tryMany(body, handler), makePaths)
}

/** An error raised by whoever takes the values is not this `try`'s to catch: `passing` tells it apart. */
function tryMany(body: Filter, handler: Filter): Many {
  return (input, env, emit) => {
    const { depth } = state
    let passing: unknown
    let value: Json
    try {
      return body.many(input, env, (result) => {
        try {
          return emit(result)
        } catch (error) {
          passing = error
          throw error
        }
      })
    } catch (error) {
      if (error === passing || !(error instanceof Raised)) throw error
      ;({ value } = error)
    }
    state.depth = depth
    return handler.many(value, env, emit)
  }
}

function tryPaths(body: Paths, handler: Paths): Paths {
  return (place, input, env, emit) => {
    const { depth } = state
    let passing: unknown
    let value: Json
    const guarded: EmitPlace = (there, result) => {
      try {
        return emit(there, result)
      } catch (error) {
        passing = error
        throw error
      }
    }
    try {
      return body(place, input, env, guarded)
    } catch (error) {
      if (error === passing || !(error instanceof Raised)) throw error
      ;({ value } = error)
    }
    state.depth = depth
    return handler(place, value, env, emit)
  }
}

export function compileLabel(c: Compiler, node: NodeOf<'label'>, scope: Scope): Filter {
  const body = c.compile(node.body, scope.with({ type: 'label', name: node.name }))
  const many: Many = (input, env, emit) => {
    const label = ++state.labels
    return withLabel(label, () => body.many(input, new Env(env, label), emit))
  }
  return new Filter(undefined, many, () => {
    const paths = body.paths
    return (place, input, env, emit) => {
      const label = ++state.labels
      return withLabel(label, () => paths(place, input, new Env(env, label), emit))
    }
  })
}

/** Runs to its end, or to a `break` to this label: as a signal, or through code that returns values. */
function withLabel(label: number, run: () => boolean): boolean {
  const { depth } = state
  let stopped: boolean
  try {
    stopped = run()
  } catch (error) {
    if (error !== breakSignal || state.breaking !== label) throw error
    state.depth = depth
    stopped = true
  }
  if (stopped && state.breaking === label) {
    state.breaking = 0
    return false
  }
  return stopped
}

export function compileBreak(c: Compiler, node: NodeOf<'break'>, scope: Scope): Filter {
  const found = scope.find((entry) => entry.type === 'label' && entry.name === node.name)
  if (found === undefined) throw c.undefined(node.at, `The label $${node.name}`)
  const toLabel = hop(scope.depth - found.depth)
  return valueFilter(undefined, (_input, env) => {
    state.breaking = toLabel(env).value as number
    return true
  })
}
