/** Built-ins on regular expressions: `test`, `match`, `capture`, `scan`, `splits`, `sub`, … */
import { add, described } from '../arithmetic.ts'
import type { Node } from '../ast.ts'
import { raise } from '../errors.ts'
import { grow } from '../limits.ts'
import type { Match } from '../regex/index.ts'
import { matchRegex, testRegex } from '../regex/index.ts'
import type { Json, JsonObject } from '../values.ts'
import { kindOf, setMember } from '../values.ts'
import { valueFilter } from '../compile/filter.ts'
import type { Filter } from '../compile/filter.ts'
import { collect } from '../compile/filter.ts'
import type { Builtin, Compile } from './builtin.ts'
import { combine, withValues } from './builtin.ts'

interface Pattern {
  readonly regex: Json
  readonly flags: Json
}

/** The one argument of `match(v)`: a pattern, or an array of a pattern and flags. */
function patternOf(value: Json): Pattern {
  if (typeof value === 'string') return { regex: value, flags: null }
  if (!Array.isArray(value) || value.length === 0) return raise(`${kindOf(value)} not a string or array`)
  return { regex: value[0] as Json, flags: value[1] ?? null }
}

/** Checks what is matched against what, in jq's order, and hands it on as strings. */
function checked<T>(
  input: Json,
  { regex, flags }: Pattern,
  use: (text: string, regex: string, flags: string) => T,
): T {
  if (typeof input !== 'string') return raise(`${described(input)} cannot be matched, as it is not a string`)
  if (typeof regex !== 'string') return raise(`${described(regex)} is not a string`)
  if (flags !== null && typeof flags !== 'string') return raise(`${described(flags)} is not a string`)
  return use(input, regex, flags ?? '')
}

function matchesOf(input: Json, pattern: Pattern): Match[] {
  return checked(input, pattern, (text, regex, flags) => matchRegex(text, regex, flags).matches)
}

function matchObject(match: Match): Json {
  const { offset, length, string, groups } = match
  grow(4 + 5 * groups.length)
  return { offset, length, string, captures: groups.map((group) => ({ ...group })) }
}

/** The named groups as an object; of groups with one name the last counts. */
function captureObject(match: Match): JsonObject {
  const object: JsonObject = {}
  for (const { name, string } of match.groups) if (name !== null) setMember(object, name, string)
  grow(match.groups.length)
  return object
}

/** Several values from the input and the arguments' values. */
function emitting(
  name: string,
  arity: number,
  firstSlowest: boolean,
  values: (input: Json, args: Json[]) => readonly Json[],
): Builtin {
  const compile: Compile = (c, nodes, scope) => {
    const args = nodes.map((node) => c.compile(node, scope))
    return valueFilter(undefined, (input, env, emit) =>
      combine(args, input, env, firstSlowest, (given) => values(input, given).some(emit)),
    )
  }
  return { name, arity, compile }
}

function pair([regex, flags]: Json[]): Pattern {
  return { regex: regex as Json, flags: flags ?? null }
}

function global(regex: Json, flags: Json, isBefore: boolean): Pattern {
  return { regex, flags: isBefore ? add('g', flags) : add(flags, 'g') }
}

function scan(input: Json, pattern: Pattern): Json[] {
  return matchesOf(input, pattern).map((match) =>
    match.groups.length > 0 ? match.groups.map((group) => group.string) : match.string,
  )
}

function splits(input: Json, pattern: Pattern): string[] {
  return checked(input, pattern, (text, regex, flags) => {
    const { matches, slice, length } = matchRegex(text, regex, flags)
    const parts: string[] = []
    let start = 0
    for (const { offset, length: size } of matches) {
      parts.push(slice(start, offset))
      start = offset + size
    }
    parts.push(slice(start, length))
    grow(parts.length)
    return parts
  })
}

/** `sub` and `gsub`. Where the replacement has several values, there is one result for each. */
function substitution(name: string, arity: number): Builtin {
  const isGlobal = name === 'gsub'
  const compile: Compile = (c, [regexNode, replacementNode, flagsNode], scope) => {
    const nothing: Node = { type: 'literal', at: 0, value: '' }
    const patterns = [regexNode as Node, flagsNode ?? nothing].map((node) => c.compile(node, scope))
    const replacement = c.compile(replacementNode as Node, scope)
    const regexes = patterns.map((pattern) => pattern.single)
    const substitute = (
      input: Json,
      env: Parameters<Filter['many']>[1],
      regex: Json,
      flags: Json,
    ): readonly Json[] =>
      replaceAll(input, isGlobal ? global(regex, flags, false) : { regex, flags }, (match) =>
        replacement.single === undefined
          ? collect(replacement.many, captureObject(match), env)
          : [replacement.single(captureObject(match), env)].filter((value) => value !== undefined),
      )
    const [regex, flags] = regexes
    if (regex !== undefined && flags !== undefined && replacement.single !== undefined) {
      return valueFilter((input, env) => {
        const r = regex(input, env)
        const f = r === undefined ? undefined : flags(input, env)
        return f === undefined ? undefined : substitute(input, env, r as Json, f)[0]
      })
    }
    return valueFilter(undefined, (input, env, emit) =>
      combine(patterns, input, env, true, ([r, f]) =>
        substitute(input, env, r as Json, f as Json).some(emit),
      ),
    )
  }
  return { name, arity, compile }
}

function replaceAll(input: Json, pattern: Pattern, replacements: (match: Match) => Json[]): readonly Json[] {
  return checked(input, pattern, (text, regex, flags) => {
    const { matches, slice, length } = matchRegex(text, regex, flags)
    const results: Json[] = []
    let previous = 0
    for (const match of matches) {
      const gap = slice(previous, match.offset)
      for (const [i, value] of replacements(match).entries())
        results[i] = add(results[i] ?? null, add(gap, value))
      previous = match.offset + match.length
    }
    if (results.length === 0) return [text]
    const rest = slice(previous, length)
    return results.map((result) => add(result, rest))
  })
}

export const regexes: readonly Builtin[] = [
  withValues('test', 1, (input, value) => checked(input, patternOf(value), testRegex)),
  withValues('test', 2, (input, ...args) => checked(input, pair(args), testRegex)),
  emitting('match', 1, true, (input, [value]) => matchesOf(input, patternOf(value as Json)).map(matchObject)),
  emitting('match', 2, false, (input, args) => matchesOf(input, pair(args)).map(matchObject)),
  emitting('capture', 1, true, (input, [value]) =>
    matchesOf(input, patternOf(value as Json)).map(captureObject),
  ),
  emitting('capture', 2, false, (input, args) => matchesOf(input, pair(args)).map(captureObject)),
  emitting('scan', 1, true, (input, [regex]) => scan(input, global(regex as Json, null, true))),
  emitting('scan', 2, true, (input, [regex, flags]) =>
    scan(input, global(regex as Json, flags as Json, true)),
  ),
  emitting('splits', 1, true, (input, [regex]) => splits(input, global(regex as Json, null, false))),
  emitting('splits', 2, true, (input, [regex, flags]) =>
    splits(input, global(regex as Json, flags as Json, false)),
  ),
  withValues('split', 2, (input, regex, flags) => splits(input, global(regex, flags, false)), true),
  ...[substitution('sub', 2), substitution('sub', 3), substitution('gsub', 2), substitution('gsub', 3)],
]
