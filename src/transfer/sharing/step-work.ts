import type { FunctionContext } from '../../functions/index.ts'
import { beginOf, type Means } from '../carry-out.ts'
import { beginBatch } from '../steps/apart.ts'
import { openGiven, sealBegun } from '../steps/sealed.ts'
import type { TransferRow } from '../store/rows.ts'
import type { PartWork } from './helper.ts'

/** The steps of batches that another process has read: with all that it would do them with itself. */
export async function openStepWork(
  transfer: string,
  means: Means,
  contextOf: (row: TransferRow) => Promise<Omit<FunctionContext, 'signal'>>,
): Promise<PartWork> {
  const { row, dataset } = await beginOf(transfer, means)
  const key = await means.keys.get(dataset.storage)
  const context = await contextOf(row)
  const { functions } = means
  const options = { steps: row.plan.steps, personal: dataset.personal, key, functions, context }
  return {
    async do(input, { signal }) {
      const begun = await beginBatch(openGiven(input, key), options, signal)
      return sealBegun(begun, key)
    },
  }
}
