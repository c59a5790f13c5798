import { problem as standard, problemOf, type Json, type Problem } from '../../workflow/index.ts'
import type { Answer } from '../answers.ts'
import type { Contract } from '../contract.ts'
import type { RunContext } from './runner.ts'

/**
 * Calls a service for each record, as many at once as the function's `pool` says, each within its time. `refusedBy`
 * tells of a fault whether the record is to blame, and how; any other fault ends the batch.
 */
export async function forEach(
  { pool, timeoutMs, name }: Contract,
  records: readonly Json[],
  context: RunContext,
  call: (record: Json, signal: AbortSignal) => Promise<Answer>,
  refusedBy: (problem: Problem) => Problem | undefined,
): Promise<readonly Answer[]> {
  const answers = new Array<Answer>(records.length)
  const stop = new AbortController()
  let next = 0
  const work = async () => {
    for (let index = next++; index < records.length && !stop.signal.aborted; index = next++) {
      const late = AbortSignal.timeout(timeoutMs)
      const signal = AbortSignal.any([context.signal, stop.signal, late])
      try {
        answers[index] = await call(records[index] as Json, signal)
      } catch (error) {
        context.signal.throwIfAborted()
        if (late.aborted) answers[index] = { refused: timedOut(name, timeoutMs) }
        else {
          const problem = problemOf(error)
          const refused = problem && refusedBy(problem)
          if (!refused) throw error
          answers[index] = { refused }
        }
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(pool, records.length) }, work))
  } finally {
    stop.abort()
  }
  context.signal.throwIfAborted()
  return answers
}

const timedOut = (name: string, ms: number): Problem =>
  standard('timeout', `The function ${name} gave no answer within the ${ms / 1000} seconds allowed.`)
