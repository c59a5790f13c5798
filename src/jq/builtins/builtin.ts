/** How a built-in function is declared: as data, one entry for each name and number of arguments. */
import type { Node } from '../ast.ts'
import type { Compiler } from '../compile/compiler.ts'
import { valueFilter } from '../compile/filter.ts'
import type { Env, Emit, Filter, Single } from '../compile/filter.ts'
import type { Scope } from '../compile/scope.ts'
import type { Json } from '../values.ts'

/** Makes the filter of one call from the arguments as they are written. */
export type Compile = (c: Compiler, args: readonly Node[], scope: Scope, at: number) => Filter

export interface Builtin {
  readonly name: string
  readonly arity: number
  readonly compile: Compile
}

/** A function of its input alone. */
export function plain(name: string, value: (input: Json) => Json): Builtin {
  const filter = valueFilter((input) => value(input))
  return { name, arity: 0, compile: () => filter }
}

/**
 * A function of its input and the values of its arguments. Where arguments have several values, it gives one
 * for each combination; the last argument turns slowest, as in jq's own native functions, or with
 * `firstSlowest` the first one, as in those of its functions that are written in jq.
 */
export function withValues(
  name: string,
  arity: number,
  value: (input: Json, ...args: Json[]) => Json,
  firstSlowest = false,
): Builtin {
  const compile: Compile = (c, nodes, scope) => {
    const args = nodes.map((node) => c.compile(node, scope))
    const singles = args.map((arg) => arg.single)
    if (singles.every((single) => single !== undefined)) return valueFilter(callSingles(singles, value))
    const many = (input: Json, env: Env, emit: Emit): boolean =>
      combine(args, input, env, firstSlowest, (values) => emit(value(input, ...values)))
    return valueFilter(undefined, many)
  }
  return { name, arity, compile }
}

function callSingles(args: readonly Single[], value: (input: Json, ...args: Json[]) => Json): Single {
  const [first, second] = args as [Single, Single | undefined]
  if (args.length === 1) {
    return (input, env) => {
      const a = first(input, env)
      return a === undefined ? undefined : value(input, a)
    }
  }
  if (args.length === 2) {
    return (input, env) => {
      const b = (second as Single)(input, env)
      const a = b === undefined ? undefined : first(input, env)
      return a === undefined ? undefined : value(input, a, b as Json)
    }
  }
  return (input, env) => {
    const values: Json[] = []
    for (const arg of args) {
      const given = arg(input, env)
      if (given === undefined) return undefined
      values.push(given)
    }
    return value(input, ...values)
  }
}

/** Every combination of the arguments' values. */
export function combine(
  args: readonly Filter[],
  input: Json,
  env: Env,
  firstSlowest: boolean,
  emit: (values: Json[]) => boolean,
): boolean {
  const values: Json[] = args.map(() => null)
  const order = [...args.keys()]
  if (!firstSlowest) order.reverse()
  const from = (turn: number): boolean => {
    const position = order[turn]
    if (position === undefined) return emit(values.slice())
    return (args[position] as Filter).many(input, env, (value) => {
      values[position] = value
      return from(turn + 1)
    })
  }
  return from(0)
}
