import { errorTable, SluseError, type ErrorCode } from '../errors.ts'
import { problemOf, type Problem } from '../workflow/index.ts'
import { problemFrom } from './steps/pure.ts'
import type { Trouble } from './store/rows.ts'

/** What failed, as a problem. */
export function problemOfError(error: unknown): Problem {
  const { code, detail } = error as { code?: unknown; detail?: unknown }
  if (!problemOf(error) && typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    const { what, status } = errorTable[code as ErrorCode]
    const type = `urn:sluse:error:${code}`
    return { type, status, title: what, ...(typeof detail === 'string' && detail !== '' && { detail }) }
  }
  return problemFrom(error)
}

/** Whether trying again may help, though nobody changes the pipeline. */
export function isPassing(error: unknown): boolean {
  if (error instanceof SluseError) return !/^SLUSE-(DATASET|CONNECTION)-/.test(error.code)
  const problem = problemOf(error)
  if (!problem) return true
  // Our own type stands for what somebody must decide; the standard ones for what somebody must correct.
  return !/^https:\/\/sluse\.dk\/|\/(configuration|validation|expression)$/.test(problem.type)
}

const firstPauseMs = 1000
const longestPauseMs = 5 * 60_000

/** What is known after one more failure. `progressed`: something was achieved since the one before. */
export function troubleAfter(
  error: unknown,
  before: Trouble | undefined,
  progressed: boolean,
  now: number,
  random: () => number,
): Trouble {
  const last = progressed ? undefined : before
  const attempt = (last?.attempt ?? 0) + 1
  const until = postponedUntil(error)
  const pause = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs) * (0.75 + random() / 2)
  const problem = until === undefined ? problemOfError(error) : { ...problemFrom(error), status: 503 }
  return { attempt, due: Math.round(until ?? now + pause), since: last?.since ?? now, problem }
}

/** `Postponed` by its code: a class does not survive a thread. */
function postponedUntil(error: unknown): number | undefined {
  const { code, until } = (error ?? {}) as { code?: unknown; until?: unknown }
  return code === 'SLUSE-POSTPONED' && typeof until === 'number' ? until : undefined
}
