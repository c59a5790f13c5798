import type { Delivery } from '../../connectors/index.ts'
import type { Block, BlockAddress } from '../dataset/block.ts'
import type { Follower } from '../dataset/staged.ts'
import { targetBatch } from '../record-batch.ts'
import type { Consignment } from './consignment.ts'
import type { Tally } from './tally.ts'

export interface Blocks {
  readonly delivery: Delivery
  readonly follower: Follower
  /** Where it has reached is where it begins. */
  readonly tally: Tally
  /** Up to there; else up to the end of the dataset. */
  readonly to?: BlockAddress
  /** Throws where another process may deliver by now. */
  readonly check: () => void
  /** After each block, of so many records, for which the target took so long. Gives whether to go on. */
  readonly each?: (records: number, ms: number) => Promise<boolean>
  readonly signal: AbortSignal
}

/**
 * The same for every attempt at a delivery, and for every process that delivers some of it: of this, and of the number of
 * a record in its dataset, its idempotency key is made.
 */
export function deliveryIdOf({ transfer, index }: Pick<Consignment, 'transfer' | 'index'>): string {
  return `${transfer}:${index}`
}

/**
 * Delivers block after block. Gives whether it came to the end. Throws what the target throws, and where too many records
 * are bad.
 */
export async function deliverBlocks(of: Consignment, blocks: Blocks): Promise<boolean> {
  const { delivery, follower, tally, to, check, each, signal } = blocks
  const { staged, personal } = of
  const { steps } = of.planned
  const valuesOf = (block: Block) => staged.valuesOf(block)
  const how = { steps, personal, key: staged.key, deliveryId: deliveryIdOf(of), valuesOf }
  for (;;) {
    // What was counted before this is kept by now, with the letters of what was refused.
    tally.check()
    const { at } = tally.reached
    if (to?.segment === at.segment && to.offset === at.offset) return true
    const block = await follower.next(at, signal)
    if (!block) return true
    const batch = targetBatch(block, how)
    check()
    const began = performance.now()
    const result = batch.size > 0 ? await delivery.write(batch, signal) : undefined
    const ms = performance.now() - began
    tally.add(batch, result, { at: block.next, records: block.first + block.count })
    if ((await each?.(block.count, ms)) === false) return false
  }
}
