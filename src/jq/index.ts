/**
 * jq filters, compiled to closures: the expressions of pipelines. Pure: no host, no clock, no randomness, no
 * code made from text, and bounded in what one evaluation may cost.
 *
 * The way of a filter: `lexer` and `parser` make a tree (`ast`), `compile/` turns it into closures over the
 * functions of `builtins/`, and `run` evaluates them within `limits`.
 */
import { JqError } from './errors.ts'
import { Compiler } from './compile/compiler.ts'
import type { Filter } from './compile/filter.ts'
import { Scope } from './compile/scope.ts'
import type { Limits } from './limits.ts'
import { defaultLimits } from './limits.ts'
import type { Node } from './ast.ts'
import { parse } from './parser.ts'
import { findReferences } from './references.ts'
import type { Runnable, Variables } from './run.ts'
import { Results, runFirst } from './run.ts'
import { mayRepeat } from './sharing.ts'
import type { Json } from './values.ts'

export { JqError } from './errors.ts'
export type { JqErrorCode, Position } from './errors.ts'
export type { Limits } from './limits.ts'
export { defaultLimits } from './limits.ts'
export type { Json } from './values.ts'

export interface CompileOptions {
  /** Names of the variables that the filter may read, without their `$`. */
  readonly variables?: readonly string[]
  readonly limits?: Partial<Limits>
  /** Seconds since 1970, for `now`; without it `now` is refused. */
  readonly now?: () => number
}

/** A compiled filter. It keeps nothing between evaluations and never changes its input. */
export interface Program {
  /**
   * All values, computed as they are asked for; they may share parts with the input.
   * @throws JqError while it is iterated: `SLUSE-JQ-ERROR` for an error of the filter, `SLUSE-JQ-LIMIT`.
   */
  (input: Json, variables?: Variables): Iterable<Json>
  /** The first value, `undefined` where there is none. @throws JqError */
  first(input: Json, variables?: Variables): Json | undefined
  /** The variables that the filter reads: `$secrets.db.password` is `['secrets', 'db', 'password']`. */
  readonly references: readonly (readonly string[])[]
}

/**
 * Compiles a jq filter, or finds it among those compiled before.
 * @throws JqError `SLUSE-JQ-SYNTAX` or `SLUSE-JQ-REFUSED`, with the position.
 */
export function compile(filter: string, options: CompileOptions = {}): Program {
  const { variables = [], now } = options
  const limits: Limits = { ...defaultLimits, ...options.limits }
  if (now !== undefined) return build(filter, variables, limits, now)
  const key = JSON.stringify([filter, variables, options.limits === undefined ? 0 : Object.values(limits)])
  const known = cache.get(key)
  if (known !== undefined) {
    cache.delete(key)
    cache.set(key, known)
    return known
  }
  const program = build(filter, variables, limits, undefined)
  cache.set(key, program)
  if (cache.size > cacheSize) cache.delete(cache.keys().next().value as string)
  return program
}

const cacheSize = 1000
/** In the order in which they were last asked for. */
const cache = new Map<string, Program>()

function build(
  text: string,
  names: readonly string[],
  limits: Limits,
  now: (() => number) | undefined,
): Program {
  const { tree, filter } = analyse(text, names, limits, now !== undefined)
  const runnable: Runnable = { filter, names, limits, now, mayRepeat: mayRepeat(tree) }
  const evaluate = (input: Json, variables?: Variables): Iterable<Json> =>
    new Results(runnable, input, variables)
  return Object.assign(evaluate, {
    first: (input: Json, variables?: Variables) => runFirst(runnable, input, variables),
    references: findReferences(tree),
  })
}

function analyse(
  text: string,
  names: readonly string[],
  limits: Limits,
  hasClock: boolean,
): { tree: Node; filter: Filter } {
  if (text.length > limits.filter) {
    throw new JqError('SLUSE-JQ-SYNTAX', `The filter is longer than ${limits.filter} characters.`, {
      position: { offset: 0, line: 1, column: 1 },
    })
  }
  try {
    const tree = parse(text)
    return { tree, filter: new Compiler(text, names, hasClock).compile(tree, new Scope()) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new JqError('SLUSE-JQ-SYNTAX', 'The filter is nested too deep.', {
      position: { offset: 0, line: 1, column: 1 },
    })
  }
}
