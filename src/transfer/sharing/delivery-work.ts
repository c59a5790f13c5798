import { beginOf, type Means } from '../carry-out.ts'
import { consignmentOf, openTarget } from '../delivering/consignment.ts'
import { deliverPart, type Range } from '../delivering/part.ts'
import type { PartWork } from './helper.ts'
import type { Stages } from './stages.ts'

/** Delivers some of a dataset to a target, where another process has the job of delivering to it. */
export async function openDeliveryWork(
  transfer: string,
  index: number,
  { means, stages }: { means: Means; stages: Stages },
): Promise<PartWork> {
  const { row, dataset } = await beginOf(transfer, means)
  const staged = await stages.enter(dataset)
  try {
    const of = consignmentOf({ row, dataset, staged }, index, means)
    const { target, close } = await openTarget(of.planned, means)
    return {
      async do(input, held) {
        const check = () => held.check()
        const range = JSON.parse(input) as Range
        return JSON.stringify(await deliverPart(of, range, { target, check, signal: held.signal }))
      },
      async close() {
        stages.leave(dataset)
        await close()
      },
    }
  } catch (error) {
    stages.leave(dataset)
    throw error
  }
}
