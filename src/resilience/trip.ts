import { Environment } from '@marcbachmann/cel-js'
import type { Counts } from './breaker.ts'

/** Whether a breaker opens, asked after each failure while it is closed. */
export type TripCondition = (counts: Counts) => boolean

/** Dapr's default. */
export const defaultTrip = 'consecutiveFailures > 5'

const environment = new Environment()
for (const name of [
  'requests',
  'totalSuccesses',
  'totalFailures',
  'consecutiveSuccesses',
  'consecutiveFailures',
]) {
  environment.registerVariable(name, 'int')
}

/**
 * Compiles a `trip` condition: Common Expression Language over the breaker's counts, as integers.
 * Throws an `Error` that says what is wrong where it does not parse, names something else, or is not a boolean.
 */
export function compileTrip(expression: string): TripCondition {
  const program = environment.parse(expression)
  const checked = program.check()
  if (!checked.valid) throw checked.error ?? new Error('The condition is not valid CEL.')
  if (checked.type !== 'bool') throw new Error(`The condition yields ${String(checked.type)}, not a boolean.`)
  return (counts) => {
    const integers = Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, BigInt(count as number)]),
    )
    try {
      return program(integers) === true
    } catch {
      // As Dapr: a condition that cannot be evaluated (a division by zero) does not trip.
      return false
    }
  }
}
