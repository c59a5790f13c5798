import { Cancelled, Scope } from './scope.ts'

/**
 * Branches of a task that run at the same time, under a scope of their own. The first that fails interrupts the
 * others, and is what the group fails with once all have come to rest; `stop` interrupts them without a failure.
 */
export class Group {
  readonly scope: Scope
  #over = false
  #failure: { readonly error: unknown } | undefined

  constructor(parent: Scope) {
    this.scope = new Scope(parent)
  }

  /** Whether the group was stopped or has failed: what a branch still does counts no more. */
  get over(): boolean {
    return this.#over
  }

  stop(why: 'ended' | 'lost-race'): void {
    if (this.#over) return
    this.#over = true
    this.scope.cancel(new Cancelled(why))
  }

  async run(branches: readonly (() => Promise<void>)[]): Promise<void> {
    await Promise.all(branches.map((branch) => branch().catch((error: unknown) => this.#fail(error))))
    this.scope.close()
    if (this.#failure) throw this.#failure.error
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#failure = { error }
    this.stop('ended')
  }
}
