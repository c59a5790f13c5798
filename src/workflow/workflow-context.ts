import type { Json } from './json.ts'

/**
 * `$context` as one branch of the run sees it. Null until something is exported: the workflow's input does not
 * leak into it, and `$context + .` works from the start.
 *
 * Branches of a fork, and iterations that run at the same time, each begin with the same context and do not see
 * one another's exports. When a branch completes, its exports are applied to the context that the branches share,
 * by evaluating them again: so `$context + { a: 1 }` and `$context + { b: 2 }` end as both, in completion order.
 */
export class WorkflowContext {
  #value: Json
  /** What was exported here, to be applied again at `merge`; only branches need it. */
  readonly #exports: ContextExport[] | undefined

  constructor(value: Json = null, exports?: ContextExport[]) {
    this.#value = value
    this.#exports = exports
  }

  get value(): Json {
    return this.#value
  }

  apply(exported: ContextExport): void {
    this.#value = exported.evaluate(this.#value)
    if (!this.#exports) return
    if (exported.replaces) this.#exports.length = 0
    this.#exports.push(exported)
  }

  branch(): WorkflowContext {
    return new WorkflowContext(this.#value, [])
  }

  merge(branch: WorkflowContext): void {
    for (const exported of branch.#exports ?? []) this.apply(exported)
  }
}

export interface ContextExport {
  evaluate(context: Json): Json
  /** Whether the new context does not depend on the old one. */
  readonly replaces: boolean
}
