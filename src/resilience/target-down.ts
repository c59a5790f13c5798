/** A call was not made, because the target's breaker is open and whoever calls does not want to wait. */
export class TargetDown extends Error {
  readonly code = 'SLUSE-TARGET-DOWN'
  readonly target: string
  /** When the breaker tries the target again; `undefined` while an operator holds it open. */
  readonly retryAt: number | undefined

  constructor(target: string, retryAt: number | undefined) {
    super(`the circuit breaker of ${target} is open`)
    this.name = 'TargetDown'
    this.target = target
    this.retryAt = retryAt
  }
}
