/** Built-ins on dates and times. The local time is UTC, and `now` is there only where a clock is given. */
import { checked } from '../arithmetic.ts'
import type { BrokenTime } from '../dates.ts'
import { fromEpoch, strftime, strptime, toEpoch } from '../dates.ts'
import { raise } from '../errors.ts'
import { growText, state } from '../limits.ts'
import type { Json } from '../values.ts'
import { valueFilter } from '../compile/filter.ts'
import type { Builtin } from './builtin.ts'
import { plain, withValues } from './builtin.ts'

function asArray(time: BrokenTime, fraction = 0): Json[] {
  const { year, month, day, hour, minute, second, weekday, yearday } = time
  return [year, month, day, hour, minute, checked(second + fraction), weekday, yearday]
}

/** Seconds beyond this have no year that can be counted exactly. */
const furthest = 8e15

function broken(input: Json, name: string): Json[] {
  if (typeof input !== 'number') return raise(`${name}() requires numeric inputs`)
  if (!(Math.abs(input) < furthest))
    return raise('error converting number of seconds since epoch to datetime')
  const whole = Math.floor(input)
  return asArray(fromEpoch(Math.trunc(input) === whole ? whole : Math.trunc(input)), input - whole)
}

/** The time that an array stands for, with fields that are too large carried over; `undefined` for none. */
function timeOf(input: Json[]): BrokenTime | undefined {
  const fields = input.slice(0, 8)
  if (!fields.every((field) => typeof field === 'number' && field === field)) return undefined
  const [year = 1900, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.map((field) =>
    Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(field as number))),
  )
  return fromEpoch(toEpoch({ year, month, day, hour, minute, second, weekday: 0, yearday: 0 }))
}

function mktime(input: Json): Json {
  if (!Array.isArray(input)) return raise('mktime requires array inputs')
  const time = timeOf(input) ?? raise('mktime requires parsed datetime inputs')
  return toEpoch(time)
}

function format(name: string, breakDown: string): Builtin {
  return withValues(name, 1, (input, pattern) => {
    const fields = typeof input === 'number' ? broken(input, breakDown) : input
    if (!Array.isArray(fields)) return raise(`${name}/1 requires parsed datetime inputs`)
    if (typeof pattern !== 'string') return raise(`${name}/1 requires a string format`)
    const time = timeOf(fields) ?? raise(`${name}/1 requires parsed datetime inputs`)
    growText(4 * pattern.length)
    return strftime(time, pattern)
  })
}

function parse(input: Json, pattern: Json | undefined): Json {
  if (typeof input !== 'string' || typeof pattern !== 'string') {
    return raise('strptime/1 requires string inputs and arguments')
  }
  const found = strptime(input, pattern)
  if (found === undefined || (found.rest !== '' && !/^\s/.test(found.rest))) {
    return raise(`date "${input}" does not match format "${pattern}"`)
  }
  return found.rest === '' ? asArray(found.time) : [...asArray(found.time), found.rest]
}

const now: Builtin = {
  name: 'now',
  arity: 0,
  compile: (c, _args, _scope, at) => {
    if (!c.hasClock)
      throw c.refused(at, 'A filter has no clock here, so that it gives the same each time it is run.')
    return valueFilter(() => (state.now as () => number)())
  },
}

export const dates: readonly Builtin[] = [
  plain('mktime', mktime),
  plain('gmtime', (input) => broken(input, 'gmtime')),
  plain('localtime', (input) => broken(input, 'localtime')),
  format('strftime', 'gmtime'),
  format('strflocaltime', 'localtime'),
  withValues('strptime', 1, parse),
  now,
]
