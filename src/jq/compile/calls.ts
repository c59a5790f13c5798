/**
 * Functions: those that the filter defines and the built-in ones.
 *
 * A body is compiled once for each way in which its arguments may be given: with at most one value, or with
 * any number. So `def f(g): g + 1` costs nothing where `g` gives one value. A function that calls itself is
 * first assumed to give at most one value, too; where its body turns out otherwise, it is compiled again.
 */
import type { Node, NodeOf } from '../ast.ts'
import { findBuiltin, whyRefused } from '../builtins/index.ts'
import { enter, outOfSteps, state } from '../limits.ts'
import type { Json } from '../values.ts'
import type { Compiler } from './compiler.ts'
import type { Many, Paths, Single } from './filter.ts'
import { Closure, Env, Filter, finishMany, finishSingle, manyFrom, root, tail } from './filter.ts'
import type { FunctionEntry, Hop, Variant } from './scope.ts'
import { Scope, functionEntry, hop } from './scope.ts'

export function compileFunction(
  c: Compiler,
  node: NodeOf<'function'>,
  scope: Scope,
  isTail: boolean,
): Filter {
  return c.compile(node.rest, scope.with(functionEntry(node.definition)), isTail)
}

export function compileCall(c: Compiler, node: NodeOf<'call'>, scope: Scope, isTail: boolean): Filter {
  const { name, args } = node
  const found = scope.find(
    (entry) =>
      (entry.type === 'closure' && entry.name === name && args.length === 0) ||
      (entry.type === 'function' &&
        entry.definition.name === name &&
        entry.definition.params.length === args.length),
  )
  const entry = found?.entry
  if (found !== undefined && entry?.type === 'closure')
    return callClosure(scope.depth - found.depth, entry.single)
  if (found !== undefined && entry?.type === 'function') {
    return callFunction(
      c,
      { entry, scope: found, reach: hop(scope.depth - found.depth) },
      args,
      scope,
      isTail,
    )
  }
  const builtin = findBuiltin(name, args.length)
  if (builtin === undefined) {
    const reason = whyRefused(name, args.length)
    throw reason === undefined ? c.undefined(node.at, `${name}/${args.length}`) : c.refused(node.at, reason)
  }
  if (typeof builtin === 'function') return builtin(c, args, scope, node.at)
  return callFunction(
    c,
    { entry: builtin, scope: new Scope().with(builtin), reach: () => root },
    args,
    scope,
    isTail,
  )
}

function callClosure(distance: number, isSingle: boolean): Filter {
  const toBinding = hop(distance)
  const many: Many = (input, env, emit) => {
    const { filter, env: outer } = toBinding(env).value as Closure
    if (--state.steps < 0) outOfSteps()
    return filter.many(input, outer, emit)
  }
  const makePaths = (): Paths => (place, input, env, emit) => {
    const { filter, env: outer } = toBinding(env).value as Closure
    if (--state.steps < 0) outOfSteps()
    return filter.paths(place, input, outer, emit)
  }
  if (!isSingle) return new Filter(undefined, many, makePaths)
  const single: Single = (input, env) => {
    const { filter, env: outer } = toBinding(env).value as Closure
    if (--state.steps < 0) outOfSteps()
    return (filter.single as Single)(input, outer)
  }
  return new Filter(single, many, makePaths)
}

interface Callee {
  readonly entry: FunctionEntry
  /** What its body sees, and how to get from the caller's environment to it. */
  readonly scope: Scope
  readonly reach: Hop
}

function callFunction(
  c: Compiler,
  callee: Callee,
  args: readonly Node[],
  scope: Scope,
  isTail: boolean,
): Filter {
  const given = args.map((arg) => c.compile(arg, scope))
  const variant = variantFor(c, callee, given)
  const enterBody = bodyEnv(callee.reach, given)
  const makePaths = (): Paths => (place, input, env, emit) => {
    enter()
    const stopped = (variant.filter as Filter).paths(place, input, enterBody(env), emit)
    state.depth--
    return stopped
  }
  const isRecursive = variant.filter === undefined
  if (isRecursive) variant.recursive = true
  const isSingle = isRecursive ? variant.assumedSingle : (variant.filter as Filter).single !== undefined
  const calls = isSingle ? singleCall(variant, enterBody, isTail, isRecursive) : undefined
  if (calls !== undefined) return new Filter(calls, manyFrom(calls), makePaths)
  return new Filter(undefined, manyCall(variant, enterBody, isTail, isRecursive), makePaths)
}

function singleCall(variant: Variant, enterBody: Hop, isTail: boolean, isRecursive: boolean): Single {
  if (isTail && isRecursive) {
    return (input, env) => {
      tail.single = (variant.filter as Filter).single
      tail.input = input
      tail.env = enterBody(env)
      return undefined
    }
  }
  if (isTail) return (input, env) => ((variant.filter as Filter).single as Single)(input, enterBody(env))
  return (input: Json, env) => {
    enter()
    const result = finishSingle(((variant.filter as Filter).single as Single)(input, enterBody(env)))
    state.depth--
    return result
  }
}

function manyCall(variant: Variant, enterBody: Hop, isTail: boolean, isRecursive: boolean): Many {
  if (isTail && isRecursive) {
    return (input, env) => {
      tail.many = (variant.filter as Filter).many
      tail.input = input
      tail.env = enterBody(env)
      return true
    }
  }
  if (isTail) return (input, env, emit) => (variant.filter as Filter).many(input, enterBody(env), emit)
  return (input, env, emit) => {
    enter()
    const stopped = finishMany((variant.filter as Filter).many(input, enterBody(env), emit), emit)
    state.depth--
    return stopped
  }
}

/** The environment of a function's body: where it was defined, and its arguments. */
function bodyEnv(toDefinition: Hop, given: readonly Filter[]): Hop {
  const [first, second] = given
  if (first === undefined) return toDefinition
  if (given.length === 1) return (env) => new Env(toDefinition(env), new Closure(first, env))
  if (given.length === 2) {
    return (env) =>
      new Env(new Env(toDefinition(env), new Closure(first, env)), new Closure(second as Filter, env))
  }
  return (env) => given.reduce((inner, filter) => new Env(inner, new Closure(filter, env)), toDefinition(env))
}

function variantFor(c: Compiler, callee: Callee, given: readonly Filter[]): Variant {
  const { variants, definition } = callee.entry
  const isSingle = given.map((filter) => filter.single !== undefined && given.length <= 4)
  const key = isSingle.map((single) => (single ? '1' : '*')).join('')
  const known = variants.get(key)
  if (known !== undefined) return known
  const before = new Set(variants.keys()).add(key)
  const variant: Variant = { filter: undefined, assumedSingle: !c.isBusy, recursive: false }
  variants.set(key, variant)
  const forgetNewer = (): void => {
    for (const other of variants.keys()) if (!before.has(other)) variants.delete(other)
  }
  const scope = definition.params.reduce(
    (inner, { name }, i) => inner.with({ type: 'closure', name, single: isSingle[i] === true }),
    callee.scope,
  )
  try {
    variant.filter = c.compile(definition.body, scope, true)
    if (!variant.recursive || !variant.assumedSingle || variant.filter.single !== undefined) return variant
    forgetNewer()
    variant.filter = undefined
    variant.assumedSingle = false
    variant.filter = c.compile(definition.body, scope, true)
    return variant
  } catch (error) {
    forgetNewer()
    variants.delete(key)
    throw error
  }
}
