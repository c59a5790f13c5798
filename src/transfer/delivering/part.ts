import type { Delivery, Target } from '../../connectors/index.ts'
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
  const nothing: Counted = { reached: tally.reached, letters: [] }
  const told = (counted: Counted, failure?: unknown): Delivered => ({
    ...{ reached: counted.reached, letters: counted.letters, problem: counted.problem },
    ...(failure !== undefined && { failure: tell(failure) }),
    ms: performance.now() - began,
  })
  try {
    const deliveryId = deliveryIdOf(of)
    const delivery = await target.begin({ mode, key, deliveryId, state: null, concurrency, signal })
    try {
      if (!delivery.parallel) throw fault('runtime', 'The target does not take several deliveries at a time.')
      await deliverBlocks(of, { delivery, follower, tally, to, check, signal })
      check()
      await delivery.finish(signal)
      return told(tally)
    } catch (error) {
      // What was written well before the fault need not be written again.
      const kept = signal.aborted
        ? nothing
        : await flushed(delivery, signal).then(
            () => tally,
            () => nothing,
          )
      await delivery.abort().catch(() => {})
      return told(kept, error)
    }
  } catch (error) {
    return told(nothing, error)
  } finally {
    await follower.close()
  }
}

async function flushed(delivery: Delivery, signal: AbortSignal): Promise<void> {
  await delivery.flush?.(signal)
}
