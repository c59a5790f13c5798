import type { ReferenceTarget, Stage } from '../schema/vocabulary.ts'
import type { JsonObject } from '../../json.ts'
import { join } from '../text/pointer.ts'

/**
 * When an expression is evaluated, which decides the arguments that it has (dsl.md, "Runtime expression
 * arguments"). `workflow-…` are those of the workflow itself; `schedule` is before there is a run.
 */
export type Moment = Stage | 'workflow' | 'workflow-input' | 'workflow-output' | 'schedule'

/** Where the walk is, and what holds there. */
export interface Place {
  readonly pointer: string
  readonly moment: Moment
  /** Variables that enclosing tasks declare; `any` in `use`, whose parts are evaluated where they are used. */
  readonly variables: ReadonlySet<string> | 'any'
  /** Names of the tasks that a directive here may go to; nothing where there is no list. */
  readonly siblings?: ReadonlySet<string> | undefined
  /** Whether a condition, a loop or a choice decides if this is reached. */
  readonly conditional: boolean
}

export function into(place: Place, segment: string | number, changes: Partial<Place> = {}): Place {
  return { ...place, ...changes, pointer: join(place.pointer, segment) }
}

export function declaring(place: Place, names: Iterable<string>): Place {
  if (place.variables === 'any') return place
  return { ...place, variables: new Set([...place.variables, ...names]) }
}

/** What the walk found that the shape alone cannot judge. */
export interface Sites {
  readonly expressions: ExpressionSite[]
  readonly references: ReferenceSite[]
  /** Objects that hold an inline schema: `format` and `document`. */
  readonly schemas: { readonly schema: JsonObject; readonly pointer: string }[]
  readonly directives: {
    readonly name: string
    readonly pointer: string
    readonly siblings: Place['siblings']
  }[]
  /** Every `call` with its name. */
  readonly calls: { readonly name: string; readonly pointer: string }[]
  /** Sub-workflows that are run without a condition. */
  readonly children: { readonly child: JsonObject; readonly pointer: string }[]
  /** Names of all tasks, wherever they are. */
  readonly tasks: Set<string>
  /** Names of all variables that tasks declare, wherever they are. */
  readonly variables: Set<string>
}

export interface ExpressionSite {
  /** The string as it stands. */
  readonly text: string
  /**
   * `always`: an expression field. `enclosed`: data in `${ }`. `loose`: data that may be an expression. `option`: the
   * same, and it may well be jq for somebody else.
   */
  readonly kind: 'always' | 'enclosed' | 'loose' | 'option'
  readonly place: Place
}

export interface ReferenceSite {
  readonly target: ReferenceTarget
  readonly name: string
  readonly pointer: string
}

export function noSites(): Sites {
  return {
    expressions: [],
    references: [],
    schemas: [],
    directives: [],
    calls: [],
    children: [],
    tasks: new Set(),
    variables: new Set(),
  }
}
