import type { Duration } from './definition/index.ts'
import { isObject, type Json } from './json.ts'

const units = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 } as const

const iso8601 =
  /^P(?!$)(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Milliseconds of the parts of an ISO 8601 duration, in order. A year counts 365 days, a month 30. */
const isoUnits = [
  365 * units.days,
  30 * units.days,
  7 * units.days,
  units.days,
  units.hours,
  units.minutes,
  units.seconds,
]

/** A thousand years: what lies beyond has no date in JavaScript. */
const longest = 1000 * 365 * units.days

/**
 * Milliseconds of a duration (dsl-reference.md, "Duration"): an object whose parts add up, or an ISO 8601
 * string. `undefined` where it is neither, negative, or longer than a thousand years.
 */
export function milliseconds(duration: Duration | Json): number | undefined {
  const total =
    typeof duration === 'string' ? ofText(duration) : isObject(duration) ? ofParts(duration) : undefined
  return total !== undefined && total >= 0 && total <= longest ? Math.round(total) : undefined
}

function ofText(text: string): number | undefined {
  const match = text.length <= 200 ? iso8601.exec(text.trim()) : null
  if (!match) return undefined
  return isoUnits.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0)
}

function ofParts(parts: { [key: string]: unknown }): number | undefined {
  const names = Object.keys(parts)
  if (names.length === 0) return undefined
  let total = 0
  for (const name of names) {
    const amount = parts[name]
    if (!Object.hasOwn(units, name) || typeof amount !== 'number') return undefined
    total += amount * units[name as keyof typeof units]
  }
  return total
}
