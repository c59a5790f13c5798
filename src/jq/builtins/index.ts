/** All built-in functions by name and number of arguments, and those of jq that are refused here. */
import type { Definition } from '../ast.ts'
import type { FunctionEntry } from '../compile/scope.ts'
import { functionEntry } from '../compile/scope.ts'
import { parse } from '../parser.ts'
import type { Builtin, Compile } from './builtin.ts'
import { plain } from './builtin.ts'
import { collections } from './collections.ts'
import { dates } from './dates.ts'
import { defined } from './defined.ts'
import { generators } from './generators.ts'
import { math } from './math.ts'
import { places } from './places.ts'
import { regexes } from './regexes.ts'
import { strings } from './strings.ts'

const builtins: Builtin = plain('builtins', () => builtinNames.slice())

const native: ReadonlyMap<string, Compile> = new Map(
  [...generators, ...collections, ...strings, ...places, ...math, ...regexes, ...dates, builtins].map(
    (builtin: Builtin) => [`${builtin.name}/${builtin.arity}`, builtin.compile] as const,
  ),
)

const parsed = new Map<string, FunctionEntry>()

/** A native built-in, or one that is written in jq. */
export function findBuiltin(name: string, arity: number): Compile | FunctionEntry | undefined {
  const key = `${name}/${arity}`
  const compile = native.get(key)
  if (compile !== undefined) return compile
  const known = parsed.get(key)
  const text = defined.get(key)
  if (known !== undefined || text === undefined) return known
  const entry = functionEntry((parse(text) as { definition: Definition }).definition)
  parsed.set(key, entry)
  return entry
}

/** What `builtins` lists: `name/arity` of everything that a filter may call. */
export const builtinNames: readonly string[] = [...native.keys(), ...defined.keys()].filter(
  (name) => !name.startsWith('_'),
)

const noHost = 'A filter has no access to its host'

const refusedFunctions: Readonly<Record<string, string>> = {
  'env/0': `${noHost}: it cannot read the environment; give it what it needs as a variable.`,
  'input/0': `${noHost}: there is one input, which is ".".`,
  'inputs/0': `${noHost}: there is one input, which is ".".`,
  'input_filename/0': `${noHost}: its input has no file.`,
  'input_line_number/0': `${noHost}: its input has no line.`,
  'debug/0': `${noHost}: it cannot write a log.`,
  'debug/1': `${noHost}: it cannot write a log.`,
  'stderr/0': `${noHost}: it cannot write a log.`,
  'halt/0': `${noHost}: it cannot end it; raise an error instead.`,
  'halt_error/0': `${noHost}: it cannot end it; raise an error instead.`,
  'halt_error/1': `${noHost}: it cannot end it; raise an error instead.`,
  'get_search_list/0': 'Modules are not supported: a filter is complete in itself.',
  'get_prog_origin/0': 'Modules are not supported: a filter is complete in itself.',
  'get_jq_origin/0': 'Modules are not supported: a filter is complete in itself.',
  'modulemeta/0': 'Modules are not supported: a filter is complete in itself.',
}

/** Why a function of jq is refused; `undefined` where jq has none of this name, either. */
export function whyRefused(name: string, arity: number): string | undefined {
  const key = `${name}/${arity}`
  return Object.hasOwn(refusedFunctions, key) ? refusedFunctions[key] : undefined
}
