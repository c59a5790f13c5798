/**
 * How much one evaluation may cost. A filter is written by a user and runs on data from elsewhere, so time,
 * memory and stack are bounded, and a bound that is reached is a clear error that the filter cannot catch.
 *
 * An evaluation is synchronous and never suspended, so what it has left lives in one module-level record;
 * `run.ts` saves and restores it around every evaluation.
 */
import { LimitReached } from './errors.ts'
import type { Json } from './values.ts'

export interface Limits {
  /** Loop turns, calls and elements looked at. */
  readonly steps: number
  /** Calls of functions of the filter within one another. */
  readonly depth: number
  /** Values that the filter may give in all. */
  readonly outputs: number
  /** What is built along the way, in array elements and object members; 8 characters of a string count as one. */
  readonly size: number
  /** UTF-16 units of a string that a regular expression is matched against. */
  readonly subject: number
  /** UTF-16 units of the filter's own text. */
  readonly filter: number
}

export const defaultLimits: Limits = {
  steps: 10_000_000,
  depth: 2000,
  outputs: 1_000_000,
  size: 20_000_000,
  subject: 5_000_000,
  filter: 1_000_000,
}

export const state = {
  limits: defaultLimits,
  /** Steps left. */
  steps: 0,
  /** Size left. */
  size: 0,
  /** Calls under way. */
  depth: 0,
  /** The values of the program's variables, in their declared order. */
  variables: [] as readonly Json[],
  /** The label that a `break` under way goes to. */
  breaking: 0,
  labels: 0,
  /** Whether a number that JSON cannot write may have come about. */
  unwritable: false,
  now: undefined as (() => number) | undefined,
}

/** Counts work that is not a turn of the filter's own: elements looked at by a built-in. */
export function spend(steps: number): void {
  if ((state.steps -= steps) < 0) outOfSteps()
}

/** Counts what is built: so many elements or members. */
export function grow(size: number): void {
  if ((state.size -= size) < 0) outOfSize()
}

/** Counts the characters of a string that is built. */
export function growText(length: number): void {
  if ((state.size -= (length >> 3) + 1) < 0) outOfSize()
}

/** An array or an object costs as much as so many elements, even where it is empty. */
export const containerSize = 4

/** A call of a function costs as much as so many turns of a loop. */
const callSteps = 4

export function outOfSteps(): never {
  throw new LimitReached(`The filter took more than ${state.limits.steps} steps.`)
}

export function outOfSize(): never {
  throw new LimitReached(`The filter built more than ${state.limits.size} elements.`)
}

export function outOfDepth(): never {
  throw new LimitReached('The filter went too deep: its calls are nested too far within one another.')
}

/** Enters a call; the caller takes one off `state.depth` when it returns. */
export function enter(): void {
  if ((state.steps -= callSteps) < 0) outOfSteps()
  if (++state.depth > state.limits.depth) outOfDepth()
}
