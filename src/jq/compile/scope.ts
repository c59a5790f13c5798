/** What names mean at a place in the filter, and how far up the environment each binding is. */
import type { Definition, Node } from '../ast.ts'
import type { Env } from './filter.ts'
import type { Filter } from './filter.ts'

export interface FunctionEntry {
  readonly type: 'function'
  readonly definition: Definition
  /** Compiled bodies, by which of the arguments give at most one value. */
  readonly variants: Map<string, Variant>
}

export interface Variant {
  filter: Filter | undefined
  /** While its body is being compiled: what a recursive call assumes of it. */
  assumedSingle: boolean
  /** Whether a call within its own body relied on that. */
  recursive: boolean
}

export type Entry =
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'label'; readonly name: string }
  | { readonly type: 'closure'; readonly name: string; readonly single: boolean }
  | FunctionEntry

/** A function takes no room in the environment; every other entry is one `Env` of it. */
export class Scope {
  readonly up: Scope | undefined
  readonly entry: Entry | undefined
  readonly depth: number

  constructor(up?: Scope, entry?: Entry) {
    this.up = up
    this.entry = entry
    this.depth = up === undefined ? 0 : up.depth + (entry?.type === 'function' ? 0 : 1)
  }

  with(entry: Entry): Scope {
    return new Scope(this, entry)
  }

  find(matches: (entry: Entry) => boolean): Scope | undefined {
    for (let scope: Scope | undefined = this; scope?.entry !== undefined; scope = scope.up) {
      if (matches(scope.entry)) return scope
    }
    return undefined
  }
}

/** `def f($a): body` is `def f(a): a as $a | body`. */
export function functionEntry(definition: Definition): FunctionEntry {
  const body = definition.params
    .filter((param) => param.isValue)
    .reduceRight<Node>((rest, { name }) => {
      const { at } = definition
      const source: Node = { type: 'call', at, name, args: [] }
      return { type: 'bind', at, source, patterns: [{ type: 'variable', at, name }], body: rest }
    }, definition.body)
  return { type: 'function', definition: { ...definition, body }, variants: new Map() }
}

export type Hop = (env: Env) => Env

/** Goes up the environment by a number of bindings. */
export function hop(distance: number): Hop {
  switch (distance) {
    case 0:
      return (env) => env
    case 1:
      return (env) => env.up
    case 2:
      return (env) => env.up.up
    case 3:
      return (env) => env.up.up.up
    default:
      return (env) => {
        let result = env
        for (let i = 0; i < distance; i++) result = result.up
        return result
      }
  }
}
