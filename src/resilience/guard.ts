import { Postponed } from '../workflow/index.ts'
import { Breaker, type BreakerSnapshot } from './breaker.ts'
import { TargetLimits, type Limits, type LimitsSnapshot } from './limits.ts'
import { policyFor, type Policy, type Target } from './policies.ts'
import type { ResiliencyPolicies } from './resource.ts'
import { retries, retryDelayMs } from './retry.ts'

/**
 * Stands between activities and the systems they call: one per process, shared by all that call.
 *
 * A call waits for a place within the target's limits, asks the breaker, runs within the timeout, and is repeated
 * by the retry policy where repeating is safe. The order is Dapr's: the timeout lies inside the breaker, and the
 * breaker inside the retries. What would have to wait long (a breaker that is open, a long delay) is not waited for
 * here: it is thrown as `Postponed`, so that the run is parked durably and nothing spins.
 */
export class Guard {
  readonly #options: GuardOptions
  readonly #targets = new Map<string, TargetState>()

  constructor(options: GuardOptions) {
    this.#options = options
  }

  /**
   * Runs `operation` under the policies of `target`. Rejects with what the operation rejected with last, with a
   * `TimedOut`, with `Postponed`, or with the reason of `call.signal`.
   */
  async run<T>(
    target: Target,
    call: GuardedCall,
    operation: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const state = this.#stateOf(target)
    let attempt = call.attempt
    for (;;) {
      const release = await this.#takeSlot(state, attempt, call.signal)
      let failure: Failure
      try {
        const permit = state.breaker?.admit(this.#now())
        if (permit && !permit.admitted) throw this.#postponedByBreaker(state, permit.retryAt, attempt)
        state.attempts += 1
        try {
          const result = await withTimeout(operation, state.policy.timeoutMs, call.signal)
          permit?.success(this.#now())
          return result
        } catch (error) {
          if (call.signal.aborted) {
            permit?.withdraw()
            throw error
          }
          failure = { ...this.#options.classify(error), error }
          if (failure.targetIsWell) permit?.success(this.#now())
          else permit?.failure(this.#now())
        }
      } finally {
        release()
      }
      state.failures += 1
      if (failure.retryAt !== undefined) state.limits.pauseUntil(failure.retryAt)
      attempt += 1
      const delay = this.#delayBeforeRetry(state.policy, call, attempt, failure)
      if (delay === undefined) throw failure.error
      if (delay > this.#options.longestWaitMs) {
        throw new Postponed(this.#now() + delay, attempt, `retry ${attempt} at ${state.name} is due`)
      }
      await sleep(delay, call.signal)
    }
  }

  /** What is known of each target that has been called or changed, for operators. */
  snapshot(): TargetSnapshot[] {
    const now = this.#now()
    return [...this.#targets.values()].map((state) => ({
      name: state.name,
      ...(state.breaker ? { breaker: state.breaker.snapshot(now) } : {}),
      limits: state.limits.snapshot(now),
      attempts: state.attempts,
      failures: state.failures,
      origin: state.policy.origin,
    }))
  }

  resetBreaker(target: Target): void {
    this.#stateOf(target).breaker?.reset()
  }

  holdBreaker(target: Target): void {
    this.#stateOf(target).breaker?.hold()
  }

  changeLimits(target: Target, limits: Limits): void {
    const state = this.#stateOf(target)
    state.limits.change(limits)
    wakeAll(state)
  }

  #stateOf(target: Target): TargetState {
    const key = `${target.kind}:${target.name}:${target.direction ?? ''}`
    let state = this.#targets.get(key)
    if (!state) {
      const policy = policyFor(target, this.#options.policies)
      state = {
        name: target.name,
        policy,
        breaker: policy.breaker && new Breaker(policy.breaker),
        limits: new TargetLimits(this.#options.limitsOf(target)),
        waiting: [],
        attempts: 0,
        failures: 0,
      }
      this.#targets.set(key, state)
    }
    return state
  }

  async #takeSlot(state: TargetState, attempt: number, signal: AbortSignal): Promise<() => void> {
    for (;;) {
      signal.throwIfAborted()
      const slot = state.limits.take(this.#now())
      if (slot.taken) {
        return () => {
          slot.release()
          state.waiting.shift()?.()
        }
      }
      if (slot.retryAt === undefined) {
        await nextRelease(state, signal)
        continue
      }
      const wait = slot.retryAt - this.#now()
      if (wait > this.#options.longestWaitMs) {
        throw new Postponed(slot.retryAt, attempt, `${state.name} takes no calls until then`)
      }
      await sleep(wait, signal)
    }
  }

  #postponedByBreaker(state: TargetState, retryAt: number | undefined, attempt: number): Postponed {
    const until = retryAt ?? this.#now() + heldPollMs
    const reason = retryAt === undefined ? 'is held open by an operator' : 'is open'
    return new Postponed(until, attempt, `the circuit breaker of ${state.name} ${reason}`)
  }

  #delayBeforeRetry(
    policy: Policy,
    call: GuardedCall,
    attempt: number,
    failure: Failure,
  ): number | undefined {
    if (!policy.retry || !call.repeatable || !failure.transient) return undefined
    if (!retries(policy.retry, failure)) return undefined
    const delay = retryDelayMs(policy.retry, attempt, this.#options.random)
    if (delay === undefined) return undefined
    return Math.max(delay, (failure.retryAt ?? 0) - this.#now())
  }

  #now(): number {
    return this.#options.clock()
  }
}

/** How often one who waits for a breaker that is held open asks again: an operator's decision has no known end. */
const heldPollMs = 30_000

export interface GuardOptions {
  policies: readonly ResiliencyPolicies[]
  /** Limits that a target's connection declares. */
  limitsOf: (target: Target) => Limits
  classify: (error: unknown) => Classification
  /** Milliseconds since 1970. */
  clock: () => number
  /** From 0 to 1. */
  random: () => number
  /** What would wait longer than this is postponed. Milliseconds. */
  longestWaitMs: number
}

export interface GuardedCall {
  /** Repeating it does no harm: the method is idempotent, or an idempotency key is sent. */
  repeatable: boolean
  /** How many attempts have failed before this request, as the last `Postponed` said. */
  attempt: number
  signal: AbortSignal
}

export interface Classification {
  /** Trying again may help. */
  transient: boolean
  /** The target answered as it should; the fault is the caller's. It does not count against its breaker. */
  targetIsWell: boolean
  httpStatus?: number
  grpcStatus?: number
  /** When the target asked to be called again; milliseconds since 1970. */
  retryAt?: number
}

export interface TargetSnapshot {
  name: string
  breaker?: BreakerSnapshot
  limits: LimitsSnapshot
  attempts: number
  failures: number
  origin: Policy['origin']
}

/** A call took longer than its policy allows. */
export class TimedOut extends Error {
  readonly code = 'SLUSE-TIMED-OUT'
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`)
    this.name = 'TimedOut'
    this.timeoutMs = timeoutMs
  }
}

interface Failure extends Classification {
  error: unknown
}

interface TargetState {
  name: string
  policy: Policy
  breaker: Breaker | undefined
  limits: TargetLimits
  /** Who waits for a slot, in the order in which they came. */
  waiting: (() => void)[]
  attempts: number
  failures: number
}

async function withTimeout<T>(
  operation: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<T> {
  if (timeoutMs === undefined || timeoutMs === 0) return operation(signal)
  const controller = new AbortController()
  const forward = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', forward, { once: true })
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const timedOut = new TimedOut(timeoutMs)
      reject(timedOut)
      controller.abort(timedOut)
    }, timeoutMs)
  })
  try {
    return await Promise.race([operation(controller.signal), expired])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', forward)
  }
}

function nextRelease(state: TargetState, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const stop = (): void => {
      state.waiting = state.waiting.filter((it) => it !== wake)
      reject(signal.reason as Error)
    }
    state.waiting.push(wake)
    signal.addEventListener('abort', stop, { once: true })
  })
}

function wakeAll(state: TargetState): void {
  const waiting = state.waiting
  state.waiting = []
  for (const wake of waiting) wake()
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
