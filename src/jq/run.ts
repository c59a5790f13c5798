/** Runs a compiled filter on one input, within its limits, and turns what goes wrong into a `JqError`. */
import { JqError, LimitReached, Raised } from './errors.ts'
import { stringify } from './json.ts'
import type { Limits } from './limits.ts'
import { grow, growText, spend, state } from './limits.ts'
import type { Filter } from './compile/filter.ts'
import { root, tail } from './compile/filter.ts'
import type { Json } from './values.ts'

export interface Runnable {
  readonly filter: Filter
  readonly names: readonly string[]
  readonly limits: Limits
  readonly now: (() => number) | undefined
  /** Whether a value may hold the same part very many times. */
  readonly mayRepeat: boolean
}

export type Variables = Readonly<Record<string, Json>>

/** The first value, `undefined` where the filter gives none. */
export function runFirst(program: Runnable, input: Json, variables: Variables | undefined): Json | undefined {
  const { filter } = program
  if (filter.single === undefined) {
    let first: Json | undefined
    run(program, input, variables, (value) => {
      first = value
      return true
    })
    return first
  }
  const saved = begin(program, variables)
  try {
    const value = filter.single(input, root)
    return value === undefined ? undefined : finished(program, value)
  } catch (error) {
    forgetCalls()
    throw asJqError(error)
  } finally {
    end(saved)
  }
}

function finished(program: Runnable, value: Json): Json {
  if (program.mayRepeat && typeof value === 'object' && value !== null) measure(value)
  return state.unwritable ? writable(value) : value
}

/** Hands on every value until `emit` returns true. */
function run(
  program: Runnable,
  input: Json,
  variables: Variables | undefined,
  emit: (value: Json) => boolean,
): void {
  const saved = begin(program, variables)
  try {
    program.filter.many(input, root, (value) => emit(finished(program, value)))
  } catch (error) {
    forgetCalls()
    throw asJqError(error)
  } finally {
    end(saved)
  }
}

const firstBatch = 256
const growth = 16

/**
 * All values, computed as they are asked for. A filter cannot be halted half way, so it is run for a batch of
 * values, and again for a larger one where more are wanted: the values already given are passed over. That is
 * sound because a filter has no effects, and it ends an endless filter that is no longer asked.
 */
export class Results implements Iterable<Json> {
  private readonly program: Runnable
  private readonly input: Json
  private readonly variables: Variables | undefined

  constructor(program: Runnable, input: Json, variables: Variables | undefined) {
    this.program = program
    this.input = input
    this.variables = variables
  }

  [Symbol.iterator](): Iterator<Json> {
    const { program, input, variables } = this
    return program.filter.single === undefined
      ? new ManyIterator(program, input, variables)
      : new SingleIterator(program, input, variables)
  }
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined }

class SingleIterator implements Iterator<Json> {
  private program: Runnable | undefined
  private readonly input: Json
  private readonly variables: Variables | undefined

  constructor(program: Runnable, input: Json, variables: Variables | undefined) {
    this.program = program
    this.input = input
    this.variables = variables
  }

  next(): IteratorResult<Json> {
    const { program } = this
    if (program === undefined) return done
    this.program = undefined
    const value = runFirst(program, this.input, this.variables)
    return value === undefined ? done : { done: false, value }
  }
}

class ManyIterator implements Iterator<Json> {
  private readonly program: Runnable
  private readonly input: Json
  private readonly variables: Variables | undefined
  private batch: Json[] = []
  private at = 0
  private given = 0
  private size = firstBatch
  private isComplete = false
  private failure: unknown

  constructor(program: Runnable, input: Json, variables: Variables | undefined) {
    this.program = program
    this.input = input
    this.variables = variables
  }

  next(): IteratorResult<Json> {
    if (this.at === this.batch.length && !this.isComplete) this.fill()
    if (this.at < this.batch.length) {
      this.given++
      return { done: false, value: this.batch[this.at++] as Json }
    }
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
    return done
  }

  private fill(): void {
    const { given } = this
    const batch: Json[] = []
    const most = Math.min(given + this.size, this.program.limits.outputs + 1)
    let count = 0
    this.batch = batch
    this.at = 0
    this.isComplete = true
    this.size *= growth
    try {
      run(this.program, this.input, this.variables, (value) => {
        if (++count > given) batch.push(value)
        if (count < most) return false
        this.isComplete = false
        return true
      })
    } catch (error) {
      this.failure = error
    }
    if (count <= this.program.limits.outputs) return
    batch.pop()
    this.isComplete = true
    this.failure = limitError(`The filter gave more than ${this.program.limits.outputs} values.`)
  }
}

type Saved = typeof state | undefined

/** Whether an evaluation is under way: one may lie within another, as the clock of a filter may run a filter. */
let isRunning = false

function begin(program: Runnable, variables: Variables | undefined): Saved {
  const saved = isRunning ? { ...state } : undefined
  isRunning = true
  const { limits, names } = program
  state.limits = limits
  state.steps = limits.steps
  state.size = limits.size
  state.depth = 0
  state.breaking = 0
  state.unwritable = false
  state.now = program.now
  state.variables = names.length === 0 ? noVariables : bindVariables(names, variables)
  return saved
}

function end(saved: Saved): void {
  if (saved === undefined) isRunning = false
  else Object.assign(state, saved)
}

/** An evaluation that failed may have left a call that it was about to make. */
function forgetCalls(): void {
  tail.single = undefined
  tail.many = undefined
}

const noVariables: readonly Json[] = []

/** A variable that is not given is null. */
function bindVariables(names: readonly string[], variables: Variables = {}): Json[] {
  return names.map((name) => (Object.hasOwn(variables, name) ? (variables[name] ?? null) : null))
}

/** Values without NaN and infinities, as jq prints them: null, and the largest finite number. */
function writable(value: Json): Json {
  if (typeof value === 'number') {
    if (value !== value) return null
    return value === Infinity ? Number.MAX_VALUE : value === -Infinity ? -Number.MAX_VALUE : value
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    spend(value.length)
    const items = value.map(writable)
    return items.every((item, i) => Object.is(item, value[i])) ? value : items
  }
  const entries = Object.entries(value).map(([key, item]) => [key, writable(item)] as const)
  spend(entries.length)
  return entries.every(([key, item]) => Object.is(item, value[key])) ? value : Object.fromEntries(entries)
}

/**
 * Counts a value as what it is when it is written down. A value may hold one part many times over, and so be
 * small in memory and without end as text, which whoever takes it would find out too late.
 */
function measure(value: Json): void {
  const left: Json[] = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'string') growText(next.length)
    if (typeof next !== 'object' || next === null) continue
    const items = Array.isArray(next) ? next : Object.values(next)
    grow(items.length + 1)
    for (const item of items) if (typeof item === 'object' || typeof item === 'string') left.push(item)
  }
}

function limitError(message: string): JqError {
  return new JqError('SLUSE-JQ-LIMIT', message)
}

function asJqError(error: unknown): unknown {
  try {
    if (error instanceof Raised) {
      const value = writable(error.value)
      return new JqError('SLUSE-JQ-ERROR', typeof value === 'string' ? value : stringify(value), { value })
    }
  } catch (nested) {
    return asJqError(nested)
  }
  if (error instanceof LimitReached) return limitError(error.message)
  if (isExhausted(error)) {
    return limitError('The filter went too deep: its calls, or the values it works on, are nested too far.')
  }
  return error
}

/** The host's own bounds: its stack, and the length of a string or an array. */
function isExhausted(error: unknown): boolean {
  return error instanceof RangeError
}
