import type { Json, Problem } from '../workflow/index.ts'
import type { RecordBatch, WriteResult } from './connector.ts'

/**
 * Sends the records of a batch one by one, so many at the same time (1: in order). `send` gives the problem of a record
 * that is refused; what it throws ends the batch, which comes again.
 */
export async function eachRecord(
  batch: RecordBatch,
  concurrency: number,
  send: (record: Json, index: number) => Promise<Problem | undefined>,
): Promise<WriteResult> {
  const values = batch.values()
  const refused: { index: number; problem: Problem }[] = []
  let next = 0
  const work = async () => {
    while (next < values.length) {
      const index = next
      next += 1
      const problem = await send(values[index] as Json, index)
      if (problem) refused.push({ index, problem })
    }
  }
  // Where one fails none begins another; all have ended before the batch may come again.
  const settled = await Promise.allSettled(
    Array.from({ length: Math.max(1, concurrency) }, () =>
      work().catch((error: unknown) => {
        next = values.length
        throw error
      }),
    ),
  )
  for (const each of settled) if (each.status === 'rejected') throw each.reason
  return { refused: refused.sort((one, other) => one.index - other.index), state: null }
}
