/**
 * What the compiler makes of a filter: closures.
 *
 * Most filters give at most one value for an input. They become a `Single`, which returns it, or `undefined`
 * for none. Others become a `Many`, which hands each value to `emit`. Backtracking is the return value: an
 * `emit` or a `Many` that returns true asks for no more, so `first(range(1e9))` ends after one turn. The same
 * return value carries a `break` to its label, told apart by `state.breaking`.
 *
 * Where a filter is used as a path (`path(f)`, `f |= …`), a third kind, `Paths`, hands on places instead.
 */
import { LimitReached } from '../errors.ts'
import { containerSize, grow, outOfSize, outOfSteps, state } from '../limits.ts'
import type { Json } from '../values.ts'

/** Bindings in scope, innermost first; the compiler knows how far up each one is. */
export class Env {
  readonly up: Env
  readonly value: unknown

  constructor(up: Env, value: unknown) {
    this.up = up
    this.value = value
  }
}

export const root = new Env(undefined as unknown as Env, null)

export type Emit = (value: Json) => boolean
export type Single = (input: Json, env: Env) => Json | undefined
export type Many = (input: Json, env: Env, emit: Emit) => boolean

const nowhere: Json = {}

/**
 * A place reached by a path, as a list from its end. `value` is what was found there: a filter that goes on
 * from any other value is not a path expression, which is how jq tells, too.
 */
export class Place {
  readonly up: Place | undefined
  readonly key: Json
  readonly value: Json

  constructor(up: Place | undefined, key: Json, value: Json) {
    this.up = up
    this.key = key
    this.value = value
  }

  /** The same place for a value that did not come from it. */
  lost(): Place {
    return new LostPlace(this)
  }

  /** The place itself, also where the last value did not come from it. */
  found(): Place {
    return this
  }

  path(): Json[] {
    const keys: Json[] = []
    for (let place = this as Place; place.up !== undefined; place = place.up) keys.push(place.key)
    return keys.reverse()
  }
}

class LostPlace extends Place {
  private readonly place: Place

  constructor(place: Place) {
    super(place.up, place.key, nowhere)
    this.place = place
  }

  override lost(): Place {
    return this
  }

  override found(): Place {
    return this.place
  }
}

export type EmitPlace = (place: Place, value: Json) => boolean
export type Paths = (place: Place, input: Json, env: Env, emit: EmitPlace) => boolean

/** A compiled filter. `single` is there where it gives at most one value; `many` is always there. */
export class Filter {
  readonly single: Single | undefined
  readonly many: Many
  private readonly makePaths: () => Paths
  private madePaths: Paths | undefined

  constructor(single: Single | undefined, many: Many, makePaths: () => Paths) {
    this.single = single
    this.many = many
    this.makePaths = makePaths
  }

  /** Compiled when first asked for: few filters are ever used as paths. */
  get paths(): Paths {
    this.madePaths ??= this.makePaths()
    return this.madePaths
  }
}

/** A filter given as an argument, with the bindings of the place where it was written. */
export class Closure {
  readonly filter: Filter
  readonly env: Env

  constructor(filter: Filter, env: Env) {
    this.filter = filter
    this.env = env
  }
}

export function manyFrom(single: Single): Many {
  return (input, env, emit) => {
    const value = finishSingle(single(input, env))
    return value === undefined ? false : emit(value)
  }
}

/** Thrown where a `break` has to leave code that returns a value rather than a signal. */
export const breakSignal = new LimitReached('break outside its label')

/** What a `Many` means by stopping although nobody asked it to: a `break` is under way. */
export function breakOut(): never {
  throw breakSignal
}

/** A call in tail position, which its caller's caller makes instead, so that the stack does not grow. */
export const tail = {
  single: undefined as Single | undefined,
  many: undefined as Many | undefined,
  input: null as Json,
  env: root,
}

export function finishSingle(first: Json | undefined): Json | undefined {
  let result = first
  while (result === undefined && tail.single !== undefined) {
    const { single, input, env } = tail
    tail.single = undefined
    if (--state.steps < 0) outOfSteps()
    result = single(input, env)
  }
  return result
}

export function finishMany(first: boolean, emit: Emit): boolean {
  let stopped = first
  while (stopped && tail.many !== undefined) {
    const { many, input, env } = tail
    tail.many = undefined
    if (--state.steps < 0) outOfSteps()
    stopped = many(input, env, emit)
  }
  return stopped
}

/** All values at once; a `break` leaves through here as an exception. */
export function collect(many: Many, input: Json, env: Env): Json[] {
  const values: Json[] = []
  grow(containerSize)
  const stopped = many(input, env, (value) => {
    if (--state.size < 0) outOfSize()
    values.push(value)
    return false
  })
  if (stopped) breakOut()
  return values
}

/** A filter that makes values: as a path it leads nowhere, unless it gives the very value that is there. */
export function valueFilter(single: Single | undefined, many?: Many): Filter {
  const always = many ?? manyFrom(single as Single)
  return new Filter(single, always, () => pathsOfValues(always))
}

/** A string or a number that was made is never the one that is there, even where it is equal. */
function pathsOfValues(many: Many): Paths {
  return (place, input, env, emit) =>
    many(input, env, (value) =>
      emit(typeof value === 'string' || typeof value === 'number' ? place.lost() : place.found(), value),
    )
}
