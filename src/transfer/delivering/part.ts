import type { Target } from '../../connectors/index.ts'
import { fault } from '../../workflow/index.ts'
import type { BlockAddress } from '../dataset/block.ts'
import { tell, type Told } from '../trouble.ts'
import { deliverBlocks, deliveryIdOf } from './blocks.ts'
import type { Consignment } from './consignment.ts'
import { Tally, type Counted } from './tally.ts'

/** Some blocks of a dataset, to be delivered by whichever process. Plain data, in which nothing of a record is. */
export interface Range {
  readonly from: BlockAddress
  readonly to: BlockAddress
  /** The number of the first record within the dataset. */
  readonly first: number
  /** How many records of it may be under way at the same time. */
  readonly concurrency: number
}

/** What became of a range. Plain data: records that were refused are in it as ciphertext. */
export interface Delivered extends Counted {
  /** Why it ended before the end of the range: then this is of what came before. */
  readonly failure?: Told
  readonly ms: number
}

export interface DeliveringPart {
  readonly target: Target
  /** Throws where the range may be another's by now. */
  readonly check: () => void
  readonly signal: AbortSignal
}

/** Delivers a range, and says what became of it. Throws the reason of the signal alone. */
export async function deliverPart(
  of: Consignment,
  range: Range,
  delivering: DeliveringPart,
): Promise<Delivered> {
  const delivered = await deliverRange(of, range, delivering)
  delivering.signal.throwIfAborted()
  return delivered
}

async function deliverRange(
  of: Consignment,
  range: Range,
  { target, check, signal }: DeliveringPart,
): Promise<Delivered> {
  const { mode, key } = of.planned
  const began = performance.now()
  const follower = of.staged.follow(range.from)
  const { from: at, to, first: records, concurrency } = range
  const tally = new Tally(of, { at, records, delivered: 0, refused: 0, skipped: 0, state: null })
  // What is durable at the target, which need not be written again.
  let kept = counted(tally)
  const told = (failure?: unknown): Delivered => ({
    ...kept,
    ...(failure !== undefined && { failure: tell(failure) }),
    ms: performance.now() - began,
  })
  try {
    const deliveryId = deliveryIdOf(of)
    const delivery = await target.begin({ mode, key, deliveryId, state: null, concurrency, signal })
    try {
      if (!delivery.parallel) throw fault('runtime', 'The target does not take several deliveries at a time.')
      const each = async () => {
        check()
        // At once: several that keep what they write open for longer may wait for each other, in a circle.
        await delivery.flush?.(signal)
        kept = counted(tally)
        return true
      }
      await deliverBlocks(of, { delivery, follower, tally, to, check, signal, each })
      check()
      await delivery.finish(signal)
      return told()
    } catch (error) {
      await delivery.abort().catch(() => {})
      return told(error)
    }
  } catch (error) {
    return told(error)
  } finally {
    await follower.close()
  }
}

function counted({ reached, letters, problem }: Tally): Counted {
  return { reached, letters: [...letters], problem }
}
