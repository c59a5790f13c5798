/**
 * Cancellation without a host: `AbortSignal` is not available inside the deterministic sandbox.
 *
 * A scope is a node of a tree. Cancelling one cancels all below it, once, in the order in which
 * the listeners were added, and synchronously; so a cancellation replays exactly as it happened.
 */
export class Scope {
  #reason: Cancelled | undefined
  readonly #listeners = new Set<(reason: Cancelled) => void>()
  readonly #detach: () => void

  constructor(parent?: Scope) {
    this.#detach = parent ? parent.onCancel((reason) => this.cancel(reason)) : () => {}
  }

  get reason(): Cancelled | undefined {
    return this.#reason
  }

  cancel(reason: Cancelled): void {
    if (this.#reason) return
    this.#reason = reason
    this.#detach()
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener(reason)
  }

  /** Calls `listener` when the scope is cancelled, at once if it is already. Returns how to stop listening. */
  onCancel(listener: (reason: Cancelled) => void): () => void {
    if (this.#reason) {
      listener(this.#reason)
      return () => {}
    }
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  throwIfCancelled(): void {
    if (this.#reason) throw this.#reason
  }

  /** Lets go of the parent: call it when the work under this scope has ended. */
  close(): void {
    this.#detach()
    this.#listeners.clear()
  }
}

/** Why a scope was cancelled. It is thrown through the work under it and must not be caught by a `try` task. */
export class Cancelled extends Error {
  readonly kind: 'run-cancelled' | 'timeout' | 'lost-race' | 'ended' | 'parked'

  constructor(kind: Cancelled['kind']) {
    super(`cancelled: ${kind}`)
    this.name = 'Cancelled'
    this.kind = kind
  }
}
