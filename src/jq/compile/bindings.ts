/** Variables: `$x`, `f as $x | g`, destructuring and its alternatives. */
import { index } from '../access.ts'
import type { MemberPattern, NodeOf, Pattern } from '../ast.ts'
import { Raised, raise } from '../errors.ts'
import { shorten } from '../json.ts'
import { state } from '../limits.ts'
import type { Json } from '../values.ts'
import { kindOf } from '../values.ts'
import type { Compiler } from './compiler.ts'
import type { Many, Paths, Single } from './filter.ts'
import { Env, Filter, manyFrom } from './filter.ts'
import type { Scope } from './scope.ts'
import { hop } from './scope.ts'

const hostVariables: Readonly<Record<string, string>> = {
  ENV: 'A filter cannot read the environment; give it what it needs as a variable.',
  __prog_args: 'A filter has no program arguments.',
}

export function compileVariable(c: Compiler, node: NodeOf<'variable'>, scope: Scope): Filter {
  const { name } = node
  const found = scope.find((entry) => entry.type === 'variable' && entry.name === name)
  if (found !== undefined) return variableFilter(readBinding(scope.depth - found.depth))
  const position = c.variables.indexOf(name)
  if (position !== -1) return variableFilter(() => state.variables[position])
  if (Object.hasOwn(hostVariables, name)) throw c.refused(node.at, hostVariables[name] as string)
  throw c.undefined(node.at, `$${name}`)
}

/** A variable may hold the very value that is at a place. */
function variableFilter(read: Single): Filter {
  const many = manyFrom(read)
  return new Filter(
    read,
    many,
    () => (place, input, env, emit) => many(input, env, (value) => emit(place.found(), value)),
  )
}

function readBinding(distance: number): Single {
  switch (distance) {
    case 0:
      return (_input, env) => env.value as Json
    case 1:
      return (_input, env) => env.up.value as Json
    case 2:
      return (_input, env) => env.up.up.value as Json
    default: {
      const toBinding = hop(distance)
      return (_input, env) => toBinding(env).value as Json
    }
  }
}

/** Binds a value in all the ways its patterns allow, and goes on in the new environment. */
export type Bind = (value: Json, input: Json, env: Env, then: (env: Env) => boolean) => boolean

export interface Binding {
  readonly bind: Bind
  readonly scope: Scope
  /** Whether there is just one plain variable, which is the common case. */
  readonly isPlain: boolean
}

/**
 * With alternatives (`?//`) the names of all of them are bound in each: to null where one does not mention it.
 * A key of a pattern is computed outside of it: it does not see what the pattern binds.
 */
export function compilePatterns(c: Compiler, patterns: readonly Pattern[], scope: Scope): Binding {
  const [only] = patterns
  if (patterns.length === 1 && only?.type === 'variable') {
    return {
      bind: (value, _input, env, then) => then(new Env(env, value)),
      scope: scope.with({ type: 'variable', name: only.name }),
      isPlain: true,
    }
  }
  const matchers = patterns.map((pattern) => compileMatcher(c, pattern, scope))
  if (patterns.length === 1) {
    const match = matchers[0] as Matcher
    const names = namesInOrder(only as Pattern)
    /** Of one name bound twice the first counts; the other has a place, but no name. */
    const bound = names.map((name, i) => (names.indexOf(name) === i ? name : ''))
    return {
      bind: (value, input, env, then) => match(value, input, env, env, then),
      scope: scopeOf(scope, bound),
      isPlain: false,
    }
  }
  const orders = patterns.map(namesInOrder)
  const names = [...new Set(orders.flat())]
  const bind: Bind = (value, input, env, then) => {
    const attempt = (at: number): boolean => {
      const order = orders[at] as readonly string[]
      const run = (): boolean =>
        (matchers[at] as Matcher)(value, input, env, env, (bound) => then(arranged(bound, env, order, names)))
      if (at === matchers.length - 1) return run()
      const { depth } = state
      try {
        return run()
      } catch (error) {
        if (!(error instanceof Raised)) throw error
      }
      state.depth = depth
      return attempt(at + 1)
    }
    return attempt(0)
  }
  return { bind, scope: scopeOf(scope, names), isPlain: false }
}

function scopeOf(scope: Scope, names: readonly string[]): Scope {
  return names.reduce((inner, name) => inner.with({ type: 'variable', name }), scope)
}

/** The values that one alternative bound, laid out as the body expects them. */
function arranged(bound: Env, outer: Env, order: readonly string[], names: readonly string[]): Env {
  const values = new Map<string, Json>()
  let env = bound
  for (const name of order.toReversed()) {
    if (!values.has(name)) values.set(name, env.value as Json)
    env = env.up
  }
  return names.reduce((result, name) => new Env(result, values.get(name) ?? null), outer)
}

/** In the order in which a matcher binds them: array elements from the last to the first, as in jq. */
function namesInOrder(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'variable':
      return [pattern.name]
    case 'array':
      return pattern.elements.toReversed().flatMap(namesInOrder)
    case 'object':
      return pattern.members.flatMap((member) => [
        ...(member.bind === undefined ? [] : [member.bind]),
        ...(member.value === undefined ? [] : namesInOrder(member.value)),
      ])
  }
}

/** Adds what it binds to `bound`; keys are computed from `input` and `env`. */
type Matcher = (value: Json, input: Json, env: Env, bound: Env, then: (bound: Env) => boolean) => boolean

function compileMatcher(c: Compiler, pattern: Pattern, scope: Scope): Matcher {
  switch (pattern.type) {
    case 'variable':
      return (value, _input, _env, bound, then) => then(new Env(bound, value))
    case 'array': {
      const elements = pattern.elements.map((element, position): Matcher => {
        const match = compileMatcher(c, element, scope)
        return (value, input, env, bound, then) => match(index(value, position), input, env, bound, then)
      })
      return sequence(elements.reverse())
    }
    case 'object':
      return sequence(pattern.members.map((member) => compileMember(c, member, scope)))
  }
}

function compileMember(c: Compiler, member: MemberPattern, scope: Scope): Matcher {
  const key = c.compile(member.key, scope)
  const inner = member.value === undefined ? undefined : compileMatcher(c, member.value, scope)
  const isBound = member.bind !== undefined
  return (value, input, env, bound, then) =>
    key.many(input, env, (k) => {
      if (typeof k !== 'string') raise(`Cannot index ${kindOf(value)} with ${kindOf(k)} (${shorten(k)})`)
      const found = index(value, k)
      const next = isBound ? new Env(bound, found) : bound
      return inner === undefined ? then(next) : inner(found, input, env, next, then)
    })
}

function sequence(steps: readonly Matcher[]): Matcher {
  return (value, input, env, bound, then) => {
    const from = (at: number, next: Env): boolean =>
      at === steps.length
        ? then(next)
        : (steps[at] as Matcher)(value, input, env, next, (more) => from(at + 1, more))
    return from(0, bound)
  }
}

export function compileBind(c: Compiler, node: NodeOf<'bind'>, scope: Scope, tail: boolean): Filter {
  const source = c.compile(node.source, scope)
  const binding = compilePatterns(c, node.patterns, scope)
  const isDirect = binding.isPlain && source.single !== undefined
  const body = c.compile(node.body, binding.scope, tail && isDirect)
  const { bind } = binding
  const makePaths = (): Paths => {
    const paths = body.paths
    return (place, input, env, emit) =>
      source.many(input, env, (value) => bind(value, input, env, (bound) => paths(place, input, bound, emit)))
  }
  if (!isDirect) {
    const many: Many = (input, env, emit) =>
      source.many(input, env, (value) => bind(value, input, env, (bound) => body.many(input, bound, emit)))
    return new Filter(undefined, many, makePaths)
  }
  const given = source.single
  if (body.single !== undefined) {
    const rest = body.single
    const single: Single = (input, env) => {
      const value = given(input, env)
      return value === undefined ? undefined : rest(input, new Env(env, value))
    }
    return new Filter(single, manyFrom(single), makePaths)
  }
  const rest = body.many
  const many: Many = (input, env, emit) => {
    const value = given(input, env)
    return value === undefined ? false : rest(input, new Env(env, value), emit)
  }
  return new Filter(undefined, many, makePaths)
}
