import { errorTable, SluseError, type ErrorCode } from '../errors.ts'
import { Postponed, problemOf, WorkflowFault, type Problem } from '../workflow/index.ts'
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

/** What failed, as one process tells it to another. */
export interface Told {
  readonly problem: Problem
  /** Where it is put off till then, in milliseconds since 1970. */
  readonly until?: number
}

export function tell(error: unknown): Told {
  const until = postponedUntil(error)
  if (until === undefined) return { problem: problemOfError(error) }
  return { problem: problemFrom((error as Postponed).reason), until }
}

/** It is dealt with here as it would have been where it was thrown. */
export function errorTold({ problem, until }: Told): Error {
  if (until !== undefined) return new Postponed(until, 0, problem.detail ?? '')
  const [, code = ''] = /^urn:sluse:error:(.+)$/.exec(problem.type) ?? []
  return Object.hasOwn(errorTable, code)
    ? new SluseError(code as ErrorCode, problem.detail)
    : new WorkflowFault(problem)
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
