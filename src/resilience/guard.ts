import { setMaxListeners } from 'node:events'
import { isPostponed, Postponed } from '../workflow/index.ts'
import { Breaker, type BreakerState } from './breaker.ts'
import { pause, systemTime, type GuardClock } from './guard-clock.ts'
import type { Classification, GuardedCall, GuardOptions } from './guard-port.ts'
import { TargetLimits, type Limits } from './limits.ts'
import type { Policy, Target } from './policies.ts'
import { retries, retryDelayMs } from './retry.ts'
import { TargetDown } from './target-down.ts'
import { PlaceLost } from './shared/index.ts'
import {
  defaultConcurrency,
  NoPlace,
  type Room,
  type TargetSnapshot,
  type TargetState,
} from './target-state.ts'
import { TargetStates, type Declared } from './target-states.ts'
import { withTimeout } from './timeout.ts'

/**
 * Stands between activities and the systems they call: one per process, shared by all that call.
 *
 * A call waits for a place within the target's limits, asks the breaker, runs within the timeout, and is repeated
 * by the retry policy where repeating is safe. The order is Dapr's: the timeout lies inside the breaker, and the
 * breaker inside the retries. What would have to wait long (a breaker that is open, a long delay, a queue that is
 * full) is not waited for here: it is thrown as `Postponed`, so that the run is parked durably and nothing spins.
 * What it then waits for is its `gate`, the target's key: `room` says how many may come, `onRoom` when to ask.
 */
export class Guard {
  readonly #options: GuardOptions
  readonly #clock: GuardClock
  readonly #targets: TargetStates
  readonly #roomListeners: ((gate: string) => void)[] = []
  readonly #stopping = new AbortController()

  constructor(options: GuardOptions) {
    // Every call that pauses listens to it: that is no leak.
    setMaxListeners(0, this.#stopping.signal)
    this.#options = options
    this.#clock = options.clock ?? systemTime
    const { policies, connections = [], sharing } = options
    const defaults = { concurrency: defaultConcurrency }
    this.#targets = new TargetStates({ policies, connections }, (key) => ({
      clock: this.#clock,
      longestWaitMs: options.longestWaitMs,
      changed: () => this.#tellRoom(key),
      places: (limits, hooks) =>
        sharing?.places(key, limits, defaults, hooks) ?? new TargetLimits(limits, defaults),
      breaker: (settings) => sharing?.breaker(key, settings) ?? new Breaker(settings),
      forgotten: () => sharing?.forget(key),
    }))
    sharing?.reports(() => this.targets())
  }

  /** Other policies and connections from now on. Breakers stay as they are, and so do limits that were changed. */
  use(declared: Declared): void {
    this.#targets.use(declared)
  }

  /** Whom a call to this address calls. */
  targetOf(uri: string): Target {
    return this.#targets.calledAt(uri)
  }

  /**
   * Runs `operation` under the policies of `target`. Rejects with what the operation rejected with last, with a
   * `TimedOut`, a `TargetDown`, with `Postponed`, or with the reason of `call.signal`.
   */
  async run<T>(
    target: Target,
    call: GuardedCall,
    operation: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const state = this.#targets.of(target)
    let attempt = call.attempt
    for (;;) {
      const outcome = await this.#attempt(state, call, attempt, operation)
      if (outcome === 'again') continue
      if ('result' in outcome) return outcome.result
      const { failure } = outcome
      const retry = retryPolicyFor(state.policy, call)
      const again = retry !== undefined && call.repeatable() && retries(retry, failure)
      if (again && outcome.trial && failure.away && this.#waits(state, call)) {
        // It was sent to see whether the target is back. It is not, and that says nothing of this call.
        throw this.#postponed(state, undefined, attempt, 'the target is still away')
      }
      attempt += 1
      const delay = again ? this.#delay(retry, attempt, failure) : undefined
      if (delay === undefined) throw failure.error
      if (delay > this.#options.longestWaitMs) {
        const due = this.#clock.now() + delay
        if (failure.retryAt !== undefined && due <= failure.retryAt) {
          throw this.#postponed(state, due, attempt, 'it asked to be left alone')
        }
        state.counts.postponed += 1
        throw new Postponed(due, attempt, `retry ${attempt} at ${state.name} is due`)
      }
      state.counts.retries += 1
      await this.#pause(state, delay, attempt, call.signal)
    }
  }

  /** How many calls may come now that wait for this gate, and when to ask again where that is known. */
  room(gate: string): Room {
    const state = this.#stopping.signal.aborted ? undefined : this.#targets.withKey(gate)
    return state?.room() ?? { passes: 0 }
  }

  /** Calls `listener` with a gate whenever there may be room that there was not before. */
  onRoom(listener: (gate: string) => void): void {
    this.#roomListeners.push(listener)
  }

  /** What is known of each target that was called or changed, or that a connection names. */
  targets(): TargetSnapshot[] {
    return this.#targets.all().map((state) => state.snapshot())
  }

  /** By its key, or by its name where only one target has it. */
  find(keyOrName: string): TargetSnapshot | undefined {
    const all = this.targets()
    const named = all.filter(({ name }) => name === keyOrName)
    return all.find(({ key }) => key === keyOrName) ?? (named.length === 1 ? named[0] : undefined)
  }

  /** What other processes know of the targets that they call, each of them. */
  async elsewhere(): Promise<TargetSnapshot[][]> {
    return ((await this.#options.sharing?.others()) ?? []) as TargetSnapshot[][]
  }

  /** Closes the breaker and forgets its counts, in all processes. */
  reset(key: string): void {
    this.#targets.withKey(key)?.control('reset')
  }

  /** Keeps the breaker open until it is released or reset; in this process. */
  hold(key: string): void {
    this.#targets.withKey(key)?.control('hold')
  }

  /** Ends `hold`; in this process. */
  release(key: string): void {
    this.#targets.withKey(key)?.control('release')
  }

  /** Other limits than the connection declares; `undefined` goes back to those. */
  changeLimits(key: string, limits: Limits | undefined): void {
    this.#targets.withKey(key)?.changeLimits(limits)
  }

  /** The process is about to end: whoever waits here is postponed, and comes again after the next start. */
  stop(): void {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort(new NoPlace(undefined, 'the server stops'))
    for (const state of this.#targets.all()) state.sendAway(new NoPlace(undefined, 'the server stops'))
  }

  async #attempt<T>(
    state: TargetState,
    call: GuardedCall,
    attempt: number,
    operation: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ result: T } | { failure: Failure; trial: boolean } | 'again'> {
    const place = await this.#place(state, attempt, call.signal)
    try {
      const asked = state.breaker?.admit(this.#clock.now())
      const permit = asked instanceof Promise ? await asked : asked
      const before = state.breaker?.state
      if (permit && !permit.admitted) {
        const { retryAt } = permit
        if (!this.#waits(state, call)) throw new TargetDown(state.name, retryAt)
        const why = retryAt === undefined ? 'is held open by an operator' : 'is open'
        throw this.#postponed(state, retryAt, attempt, `the circuit breaker of ${state.name} ${why}`)
      }
      state.counts.attempts += 1
      try {
        const result = await withTimeout(
          operation,
          state.policy.timeoutMs,
          call.signal,
          this.#clock,
          place.lost,
        )
        permit?.success(this.#clock.now())
        this.#tellBreaker(state, before, undefined)
        return { result }
      } catch (error) {
        if (call.signal.aborted) {
          permit?.withdraw()
          throw error
        }
        if (place.lost?.aborted) {
          // Others may have the place by now: the call ends, and is made again where that does no harm.
          permit?.withdraw()
          if (!call.repeatable()) throw new PlaceLost(state.name)
          return 'again'
        }
        if (isPostponed(error)) {
          // Something on the way to it waits, such as whoever gives tokens for it.
          permit?.withdraw()
          if (this.#waits(state, call)) throw error
          throw new TargetDown(this.#targets.withKey(error.gate ?? '')?.name ?? state.name, error.until)
        }
        const failure = { ...this.#options.classify(error), error }
        if (failure.unasked) permit?.withdraw()
        else if (failure.targetIsWell) permit?.success(this.#clock.now())
        else permit?.failure(this.#clock.now())
        this.#tellBreaker(state, before, error)
        state.counts.failures += 1
        if (failure.retryAt !== undefined) state.limits.pauseUntil(failure.retryAt)
        return { failure, trial: permit?.trial === true }
      }
    } finally {
      place.release()
    }
  }

  async #place(state: TargetState, attempt: number, signal: AbortSignal) {
    try {
      if (this.#stopping.signal.aborted) throw this.#stopping.signal.reason
      return await state.enter(signal)
    } catch (error) {
      if (!(error instanceof NoPlace)) throw error
      throw this.#postponed(state, error.retryAt, attempt, `${state.name} ${error.message}`)
    }
  }

  async #pause(state: TargetState, ms: number, attempt: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(this.#clock, ms, signal, this.#stopping.signal)
    } catch (error) {
      if (!(error instanceof NoPlace)) throw error
      throw new Postponed(this.#clock.now() + ms, attempt, `retry ${attempt} at ${state.name} is due`)
    }
  }

  #postponed(state: TargetState, until: number | undefined, attempt: number, reason: string): Postponed {
    state.counts.postponed += 1
    return new Postponed(until ?? this.#clock.now() + unknownWaitMs, attempt, reason, state.key)
  }

  /** Whether a call to a target that is down waits for it; else it fails, because somebody has a better plan. */
  #waits(state: TargetState, call: GuardedCall): boolean {
    return (state.whenOpen ?? (call.onFailure === 'caught' ? 'fail' : 'wait')) === 'wait'
  }

  #delay(retry: NonNullable<Policy['retry']>, attempt: number, failure: Failure): number | undefined {
    const delay = retryDelayMs(retry, attempt, this.#options.random)
    if (delay === undefined) return undefined
    return Math.max(delay, (failure.retryAt ?? 0) - this.#clock.now())
  }

  #tellBreaker({ key, breaker }: TargetState, before: BreakerState | undefined, failure: unknown): void {
    if (!breaker || breaker.state === before) return
    const { state, retryAt } = breaker.snapshot(this.#clock.now())
    if (state === 'open') this.#options.onBreaker?.({ target: key, state, retryAt, failure })
    if (state === 'closed') this.#options.onBreaker?.({ target: key, state })
  }

  #tellRoom(gate: string): void {
    for (const listener of this.#roomListeners) listener(gate)
  }
}

/**
 * A pipeline that takes the failure itself is told of it at once: then only a policy that somebody has declared tries
 * again here, for the built-in one would multiply the pipeline's own attempts.
 */
function retryPolicyFor({ retry, origin }: Policy, { onFailure }: GuardedCall): Policy['retry'] {
  return origin.retry === 'built-in' && onFailure !== undefined ? undefined : retry
}

/** When an engine that knows no gates asks again, where nobody can say when there will be room. */
const unknownWaitMs = 30_000

interface Failure extends Classification {
  error: unknown
}
