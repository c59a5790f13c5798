import type { ConnectionTarget } from './connections.ts'
import { targetOf } from './connections.ts'
import { keyOf, policyFor, targetFromKey, type Target } from './policies.ts'
import type { ResiliencyPolicies } from './resource.ts'
import { TargetState, type TargetParts } from './target-state.ts'

/** The targets that a guard knows: those that a connection names, and those that were called. */
export class TargetStates {
  readonly #states = new Map<string, TargetState>()
  readonly #partsOf: (key: string) => Parts
  #policies: readonly ResiliencyPolicies[] = []
  #connections: readonly ConnectionTarget[] = []
  #named: ReadonlyMap<string, ConnectionTarget> = new Map()

  constructor(declared: Declared, partsOf: (key: string) => Parts) {
    this.#partsOf = partsOf
    this.use(declared)
  }

  /** From now on these hold, also for the targets that are known already. */
  use({ policies, connections }: Declared): void {
    this.#policies = policies
    this.#connections = connections
    this.#named = new Map(connections.map((each) => [keyOf(each.target), each]))
    for (const state of this.#states.values()) {
      const { policy, settings } = this.#holding(state.target)
      state.use(policy, settings)
    }
  }

  /** Whom a call to this address calls. */
  calledAt(uri: string): Target {
    return targetOf(uri, this.#connections)
  }

  of(target: Target): TargetState {
    const key = keyOf(target)
    let state = this.#states.get(key)
    if (!state) {
      const { policy, settings } = this.#holding(target)
      state = new TargetState(target, policy, settings, this.#partsOf(key))
      this.#makeRoom()
      this.#states.set(key, state)
    }
    return state
  }

  withKey(key: string): TargetState | undefined {
    const target = targetFromKey(key)
    return target && this.of(target)
  }

  all(): TargetState[] {
    for (const { target } of this.#named.values()) this.of(target)
    return [...this.#states.values()]
  }

  /** Who calls may not know all that the connection says of it. */
  #holding(target: Target) {
    const named = this.#named.get(keyOf(target))
    return {
      policy: policyFor(named?.target ?? target, this.#policies),
      settings: named?.settings ?? { limits: {} },
    }
  }

  /** Addresses may come from data: of targets that nobody named and nobody uses now, the oldest are forgotten. */
  #makeRoom(): void {
    if (this.#states.size < mostTargets) return
    for (const [key, state] of this.#states) {
      if (this.#named.has(key) || !state.forgettable) continue
      this.#states.delete(key)
      this.#partsOf(key).forgotten()
      return
    }
  }
}

const mostTargets = 1000

type Parts = TargetParts & { readonly forgotten: () => void }

/** What a project declares of the systems that it calls. */
export interface Declared {
  readonly policies: readonly ResiliencyPolicies[]
  /** The systems that the project names, with the limits that they declare. */
  readonly connections: readonly ConnectionTarget[]
}
