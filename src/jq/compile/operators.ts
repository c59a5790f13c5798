/** `-x`, arithmetic, comparisons, `and`, `or`, `//`. */
import type { BinaryOp, NodeOf } from '../ast.ts'
import { add, divide, modulo, multiply, negate, subtract } from '../arithmetic.ts'
import type { Json } from '../values.ts'
import { compare, equal, truthy } from '../values.ts'
import type { Compiler } from './compiler.ts'
import { valueFilter } from './filter.ts'
import type { Many, Paths, Single } from './filter.ts'
import { Filter, breakOut, manyFrom } from './filter.ts'
import type { Scope } from './scope.ts'

export type Operator = (left: Json, right: Json) => Json

export const operators: Readonly<Record<BinaryOp, Operator>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': modulo,
  '==': (a, b) => equal(a, b),
  '!=': (a, b) => !equal(a, b),
  '<': (a, b) => (typeof a === 'number' && typeof b === 'number' ? a < b || a !== a : compare(a, b) < 0),
  '<=': (a, b) => compare(a, b) <= 0,
  '>': (a, b) => compare(a, b) > 0,
  '>=': (a, b) => (typeof a === 'number' && typeof b === 'number' ? a >= b || b !== b : compare(a, b) >= 0),
}

export function compileNegate(c: Compiler, node: NodeOf<'negate'>, scope: Scope): Filter {
  const body = c.compile(node.body, scope)
  const { single } = body
  if (single === undefined) {
    return valueFilter(undefined, (input, env, emit) => body.many(input, env, (value) => emit(negate(value))))
  }
  return valueFilter((input, env) => {
    const value = single(input, env)
    return value === undefined ? undefined : negate(value)
  })
}

export function compileBinary(c: Compiler, node: NodeOf<'binary'>, scope: Scope): Filter {
  const operate = operators[node.op]
  const left = c.compile(node.left, scope)
  const right = c.compile(node.right, scope)
  if (left.single === undefined || right.single === undefined) {
    const many: Many = (input, env, emit) =>
      right.many(input, env, (r) => left.many(input, env, (l) => emit(operate(l, r))))
    return valueFilter(undefined, many)
  }
  return valueFilter(binarySingle(operate, left.single, right.single, node))
}

function binarySingle(operate: Operator, left: Single, right: Single, node: NodeOf<'binary'>): Single {
  if (node.right.type === 'literal') {
    const constant = node.right.value
    return (input, env) => {
      const l = left(input, env)
      return l === undefined ? undefined : operate(l, constant)
    }
  }
  return (input, env) => {
    const r = right(input, env)
    const l = r === undefined ? undefined : left(input, env)
    return l === undefined ? undefined : operate(l, r as Json)
  }
}

/** The left side turns slowest here, and the right side is only asked where it decides. */
export function compileLogic(c: Compiler, node: NodeOf<'logic'>, scope: Scope): Filter {
  const decisive = node.op === 'or'
  const left = c.compile(node.left, scope)
  const right = c.compile(node.right, scope)
  if (left.single !== undefined && right.single !== undefined) {
    const [first, second] = [left.single, right.single]
    return valueFilter((input, env) => {
      const l = first(input, env)
      if (l === undefined) return undefined
      if (truthy(l) === decisive) return decisive
      const r = second(input, env)
      return r === undefined ? undefined : truthy(r)
    })
  }
  return valueFilter(undefined, (input, env, emit) =>
    left.many(input, env, (l) =>
      truthy(l) === decisive ? emit(decisive) : right.many(input, env, (r) => emit(truthy(r))),
    ),
  )
}

/** `a // b`: the values of `a` that are neither null nor false, or those of `b` where there is none. */
export function compileAlternative(c: Compiler, node: NodeOf<'alternative'>, scope: Scope): Filter {
  const left = c.compile(node.left, scope)
  const right = c.compile(node.right, scope)
  const makePaths = (): Paths => alternativePaths(left.paths, right.paths)
  if (left.single !== undefined && right.single !== undefined) {
    const [first, second] = [left.single, right.single]
    const single: Single = (input, env) => {
      const value = first(input, env)
      return value === undefined || value === null || value === false ? second(input, env) : value
    }
    return new Filter(single, manyFrom(single), makePaths)
  }
  const many: Many = (input, env, emit) => {
    let found = false
    const stopped = left.many(input, env, (value) => {
      if (!truthy(value)) return false
      found = true
      return emit(value)
    })
    return stopped || (!found && right.many(input, env, emit))
  }
  return new Filter(undefined, many, makePaths)
}

function alternativePaths(left: Paths, right: Paths): Paths {
  return (place, input, env, emit) => {
    let found = false
    const stopped = left(place, input, env, (there, value) => {
      if (!truthy(value)) return false
      found = true
      return emit(there, value)
    })
    return stopped || (!found && right(place, input, env, emit))
  }
}

/** The truth of a condition that is asked once: its first value, false where it gives none. */
export function firstTruth(filter: Filter): (input: Json, env: Parameters<Single>[1]) => boolean {
  const { single, many } = filter
  if (single !== undefined) {
    return (input, env) => {
      const value = single(input, env)
      return value !== undefined && truthy(value)
    }
  }
  return (input, env) => {
    let first: Json | undefined
    const stopped = many(input, env, (value) => {
      first = value
      return true
    })
    if (stopped && first === undefined) breakOut()
    return first !== undefined && truthy(first)
  }
}
