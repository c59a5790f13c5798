/**
 * A `reduce` that builds an object or an array (`.[$k] += 1`, `. + [$x]`) would copy what it has built for
 * every element, which is quadratic. Where the update only ever passes its state on through such changes, the
 * state is changed in place instead; `paths.ts` says what may be owned.
 *
 * A change is taken in place only if what it puts into the state cannot itself be a part of the state: its
 * value either does not look at `.`, or is a number, a string or a truth value made from it.
 */
import { add, concat } from '../arithmetic.ts'
import type { Node, NodeOf } from '../ast.ts'
import { outOfSize, state } from '../limits.ts'
import type { Owned } from '../paths.ts'
import { getPath, setPath } from '../paths.ts'
import type { Json } from '../values.ts'
import { isObject, setMember } from '../values.ts'
import type { Compiler } from './compiler.ts'
import type { Env, Single } from './filter.ts'
import { firstTruth, operators } from './operators.ts'
import type { Scope } from './scope.ts'

export type InPlace = (accumulator: Json, env: Env, owned: Owned) => Json

/** `undefined` where the update is not of a form that gains from it. */
export function compileInPlace(c: Compiler, node: Node, scope: Scope): InPlace | undefined {
  switch (node.type) {
    case 'identity':
      return (accumulator) => accumulator
    case 'pipe':
      return inSequence(c, node, scope)
    case 'if':
      return inBranches(c, node, scope)
    case 'assign':
      return assigned(c, node, scope)
    case 'binary':
      return node.op === '+' && node.left.type === 'identity' ? appended(c, node, scope) : undefined
    default:
      return undefined
  }
}

function inSequence(c: Compiler, node: NodeOf<'pipe'>, scope: Scope): InPlace | undefined {
  const steps = node.parts.map((part) => compileInPlace(c, part, scope))
  if (!steps.every((step) => step !== undefined)) return undefined
  return (accumulator, env, owned) => steps.reduce((value, step) => step(value, env, owned), accumulator)
}

function inBranches(c: Compiler, node: NodeOf<'if'>, scope: Scope): InPlace | undefined {
  const otherwise =
    node.otherwise === undefined ? (same: Json) => same : compileInPlace(c, node.otherwise, scope)
  if (otherwise === undefined) return undefined
  let result: InPlace = otherwise
  for (const branch of node.branches.toReversed()) {
    const condition = c.compile(branch.condition, scope)
    const body = compileInPlace(c, branch.body, scope)
    if (body === undefined || condition.single === undefined) return undefined
    const test = firstTruth(condition)
    const rest = result
    result = (accumulator, env, owned) => (test(accumulator, env) ? body : rest)(accumulator, env, owned)
  }
  return result
}

/** `.a[$k] = v`, `.a[$k] += v`, `.a[$k] |= . + v` with keys and values that do not look at the state. */
function assigned(c: Compiler, node: NodeOf<'assign'>, scope: Scope): InPlace | undefined {
  const keys = pathKeys(c, node.target, scope)
  if (keys === undefined) return undefined
  if (node.op === '|=') return updatedInPlace(c, node, scope, keys)
  if (node.op === '//=' || !isDetached(node.value)) return undefined
  const value = c.compile(node.value, scope).single
  if (value === undefined) return undefined
  const operate = node.op === '=' ? undefined : operators[node.op.slice(0, -1) as '+']
  return (accumulator, env, owned) => {
    const given = value(accumulator, env)
    if (given === undefined) return null
    const path = keysOf(keys, accumulator, env)
    if (operate === undefined) return setPath(accumulator, path, given, owned)
    const before = getPath(accumulator, path)
    return setPath(
      accumulator,
      path,
      node.op === '+=' ? extend(before, given, owned) : operate(before, given),
      owned,
    )
  }
}

function updatedInPlace(
  c: Compiler,
  node: NodeOf<'assign'>,
  scope: Scope,
  keys: Single[],
): InPlace | undefined {
  const change = compileInPlace(c, node.value, scope)
  if (change === undefined) return undefined
  return (accumulator, env, owned) => {
    const path = keysOf(keys, accumulator, env)
    return setPath(accumulator, path, change(getPath(accumulator, path), env, owned), owned)
  }
}

/** `. + v` */
function appended(c: Compiler, node: NodeOf<'binary'>, scope: Scope): InPlace | undefined {
  if (!isDetached(node.right)) return undefined
  const right = c.compile(node.right, scope).single
  if (right === undefined) return undefined
  return (accumulator, env, owned) => {
    const value = right(accumulator, env)
    return value === undefined ? null : extend(accumulator, value, owned)
  }
}

/** `before + given`, where a container that is owned grows by what it is given. */
function extend(before: Json, given: Json, owned: Owned): Json {
  if (typeof before === 'string' && typeof given === 'string') return concat(before, given)
  if (typeof before !== 'object' || typeof given !== 'object' || before === null || given === null)
    return add(before, given)
  const isArray = Array.isArray(before)
  if (isArray !== Array.isArray(given)) return add(before, given)
  if (!owned.has(before)) {
    const copy = isArray ? before.slice() : { ...before }
    if ((state.size -= isArray ? before.length : Object.keys(copy).length) < 0) outOfSize()
    owned.add(copy)
    return extend(copy, given, owned)
  }
  if (isArray) {
    const items = given as Json[]
    if ((state.size -= items.length) < 0) outOfSize()
    for (const item of items) before.push(item)
  } else if (isObject(given) && isObject(before)) {
    for (const key of Object.keys(given)) {
      if (--state.size < 0) outOfSize()
      setMember(before, key, given[key] as Json)
    }
  }
  return before
}

/** The keys of a plain path, each of which gives one value and does not look at the state. */
function pathKeys(c: Compiler, node: Node, scope: Scope): Single[] | undefined {
  if (node.type === 'identity') return []
  if (node.type !== 'index' || node.optional || !isDetached(node.key)) return undefined
  const before = pathKeys(c, node.target, scope)
  const key = before === undefined ? undefined : c.compile(node.key, scope).single
  return key === undefined ? undefined : [...(before as Single[]), key]
}

function keysOf(keys: readonly Single[], accumulator: Json, env: Env): Json[] {
  return keys.map((key) => key(accumulator, env) ?? null)
}

/** Whether a value cannot be, or hold, a part of `.`. */
function isDetached(node: Node): boolean {
  switch (node.type) {
    case 'literal':
    case 'variable':
    case 'logic':
      return true
    case 'string':
      return node.parts.every((part) => typeof part === 'string' || isDetached(part))
    case 'index':
      return !node.optional && isDetached(node.target) && isDetached(node.key)
    case 'negate':
      return isDetached(node.body)
    case 'array':
      return node.body === undefined || isDetached(node.body)
    case 'object':
      return node.pairs.every((pair) => isDetached(pair.key) && isDetached(pair.value))
    case 'pipe':
      return isDetached(node.parts[0] as Node)
    case 'comma':
      return node.parts.every(isDetached)
    case 'binary':
      return (
        ['==', '!=', '<', '<=', '>', '>='].includes(node.op) ||
        (isDetached(node.left) && isDetached(node.right))
      )
    case 'alternative':
      return isDetached(node.left) && isDetached(node.right)
    default:
      return false
  }
}
