import type { SharedBreakerState, SharedState } from './state.ts'

const closed: SharedBreakerState = { state: 'closed', turn: 0, trials: {}, successes: 0 }

export function breakerOf({ breaker = closed }: SharedState): SharedBreakerState {
  return breaker
}

/** Opens it, unless it has changed since the process that saw the failures looked. */
export function trip(before: SharedBreakerState, seen: number, until: number): SharedBreakerState {
  return before.turn === seen && before.state === 'closed' ? opened(before, until) : before
}

/** Closes it, as an operator does: whatever was counted is forgotten by all. */
export function reset({ turn }: SharedBreakerState): SharedBreakerState {
  return { ...closed, turn: turn + 1 }
}

/** Leave for one call that tries whether the target is back: as many at once, over all processes, as `most`. */
export function begin(
  before: SharedBreakerState,
  process: string,
  { now, alive, most }: { now: number; alive: ReadonlySet<string>; most: number },
): { after: SharedBreakerState; may: boolean } {
  const due = before.state === 'open' && now >= (before.until ?? 0)
  const { until: _, ...rest } = before
  const half: SharedBreakerState = due
    ? { ...rest, state: 'half-open', turn: before.turn + 1, trials: {}, successes: 0 }
    : before
  if (half.state !== 'half-open') return { after: before, may: half.state === 'closed' }
  const trials = Object.fromEntries(Object.entries(half.trials).filter(([name]) => alive.has(name)))
  const after = { ...half, trials }
  if (!alive.has(process) || trialsLeft(after, most) <= 0) return { after, may: false }
  return { after: { ...after, trials: { ...trials, [process]: (trials[process] ?? 0) + 1 } }, may: true }
}

/** How such a call went; `undefined`: it never came to the target. As many successes as `most` close it. */
export function end(
  before: SharedBreakerState,
  process: string,
  trial: { turn: number; went: boolean | undefined; until: number; most: number },
): SharedBreakerState {
  if (before.turn !== trial.turn || before.state !== 'half-open') return before
  if (trial.went === false) return opened(before, trial.until)
  const left = Math.max(0, (before.trials[process] ?? 0) - 1)
  const successes = before.successes + (trial.went === true ? 1 : 0)
  if (successes >= trial.most) return reset(before)
  return { ...before, successes, trials: { ...before.trials, [process]: left } }
}

export function trialsLeft({ trials, successes }: SharedBreakerState, most: number): number {
  return most - successes - Object.values(trials).reduce((sum, each) => sum + each, 0)
}

function opened({ turn }: SharedBreakerState, until: number): SharedBreakerState {
  return { state: 'open', turn: turn + 1, until, trials: {}, successes: 0 }
}
