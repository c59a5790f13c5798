import { beginOf, type Means } from '../carry-out.ts'
import { consignmentOf, openTarget } from '../delivering/consignment.ts'
import { deliverPart, type Range } from '../delivering/part.ts'
import { openPlain, sealPlain } from '../steps/sealed.ts'
import { errorTold } from '../trouble.ts'
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
        const range = openPlain(input, staged.key) as Range
        const delivered = await deliverPart(of, range, { target, check, signal: held.signal })
        const { reached, failure } = delivered
        // Of what nothing was delivered here nothing is to be said, but that it cannot be done here.
        if (failure && reached.records === range.first) throw errorTold(failure)
        return sealPlain(delivered, staged.key)
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
