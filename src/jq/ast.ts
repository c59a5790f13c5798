/** The syntax tree of a filter. `at` is the offset in the filter's text that an error points at. */
import type { Json } from './values.ts'

export type Node =
  | { readonly type: 'identity'; readonly at: number }
  | { readonly type: 'literal'; readonly at: number; readonly value: Json }
  | {
      readonly type: 'string'
      readonly at: number
      readonly format: string
      readonly parts: readonly (string | Node)[]
    }
  | { readonly type: 'format'; readonly at: number; readonly name: string }
  | {
      readonly type: 'index'
      readonly at: number
      readonly target: Node
      readonly key: Node
      readonly optional: boolean
    }
  | {
      readonly type: 'slice'
      readonly at: number
      readonly target: Node
      readonly from: Node | undefined
      readonly to: Node | undefined
      readonly optional: boolean
    }
  | { readonly type: 'iterate'; readonly at: number; readonly target: Node; readonly optional: boolean }
  | { readonly type: 'array'; readonly at: number; readonly body: Node | undefined }
  | { readonly type: 'object'; readonly at: number; readonly pairs: readonly Pair[] }
  | { readonly type: 'negate'; readonly at: number; readonly body: Node }
  | { readonly type: 'pipe'; readonly at: number; readonly parts: readonly Node[] }
  | { readonly type: 'comma'; readonly at: number; readonly parts: readonly Node[] }
  | {
      readonly type: 'binary'
      readonly at: number
      readonly op: BinaryOp
      readonly left: Node
      readonly right: Node
    }
  | {
      readonly type: 'logic'
      readonly at: number
      readonly op: 'and' | 'or'
      readonly left: Node
      readonly right: Node
    }
  | { readonly type: 'alternative'; readonly at: number; readonly left: Node; readonly right: Node }
  | {
      readonly type: 'assign'
      readonly at: number
      readonly op: AssignOp
      readonly target: Node
      readonly value: Node
    }
  | {
      readonly type: 'if'
      readonly at: number
      readonly branches: readonly Branch[]
      readonly otherwise: Node | undefined
    }
  | { readonly type: 'try'; readonly at: number; readonly body: Node; readonly handler: Node | undefined }
  | {
      readonly type: 'reduce'
      readonly at: number
      readonly source: Node
      readonly patterns: readonly Pattern[]
      readonly init: Node
      readonly update: Node
    }
  | {
      readonly type: 'foreach'
      readonly at: number
      readonly source: Node
      readonly patterns: readonly Pattern[]
      readonly init: Node
      readonly update: Node
      readonly extract: Node | undefined
    }
  | { readonly type: 'function'; readonly at: number; readonly definition: Definition; readonly rest: Node }
  | { readonly type: 'call'; readonly at: number; readonly name: string; readonly args: readonly Node[] }
  | { readonly type: 'variable'; readonly at: number; readonly name: string }
  | {
      readonly type: 'bind'
      readonly at: number
      readonly source: Node
      readonly patterns: readonly Pattern[]
      readonly body: Node
    }
  | { readonly type: 'label'; readonly at: number; readonly name: string; readonly body: Node }
  | { readonly type: 'break'; readonly at: number; readonly name: string }

export type NodeOf<T extends Node['type']> = Extract<Node, { type: T }>

export type BinaryOp = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>='

export type AssignOp = '=' | '|=' | '+=' | '-=' | '*=' | '/=' | '%=' | '//='

export interface Branch {
  readonly condition: Node
  readonly body: Node
}

export interface Pair {
  readonly key: Node
  readonly value: Node
}

export interface Definition {
  readonly at: number
  readonly name: string
  readonly params: readonly Param[]
  readonly body: Node
}

export interface Param {
  readonly name: string
  /** `$name`: the argument's value is bound to a variable, too. */
  readonly isValue: boolean
}

export type Pattern =
  | { readonly type: 'variable'; readonly at: number; readonly name: string }
  | { readonly type: 'array'; readonly at: number; readonly elements: readonly Pattern[] }
  | { readonly type: 'object'; readonly at: number; readonly members: readonly MemberPattern[] }

export interface MemberPattern {
  readonly key: Node
  /** `$name` and `$name: pattern` bind the whole member, too. */
  readonly bind: string | undefined
  readonly value: Pattern | undefined
}
