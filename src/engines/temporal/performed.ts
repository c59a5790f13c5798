import { postponed, problemFrom } from '../run/effects.ts'
import type { Performed } from './protocol.ts'

/** How an effect went that threw. */
export function performedBy(error: unknown, attempt: number, now: number): Performed {
  const later = postponed(error, attempt, now)
  if (!later) return { problem: problemFrom(error) }
  const { until, reason, gate } = later
  return { postponed: { until, attempt: later.attempt, reason, ...(gate !== undefined && { gate }) } }
}
