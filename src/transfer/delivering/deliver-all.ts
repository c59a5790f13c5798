import type { Target } from '../../connectors/index.ts'
import type { Statement } from '../../database/index.ts'
import type { Follower } from '../dataset/staged.ts'
import type { NewLetter } from '../store/store.ts'
import { deliverBlocks, deliveryIdOf } from './blocks.ts'
import { Checkpoints } from './checkpoints.ts'
import { Tally, type Consignment, type DeliveryState } from './tally.ts'

export interface Delivering extends Consignment {
  readonly target: Target
  /**
   * At where it stands; closed in the end. It follows before the target is asked for, so that what is staged meanwhile is
   * still in memory then.
   */
  readonly follower: Follower
  /** Where it stands; goes on from there, and is kept up to date. */
  readonly state: DeliveryState
  readonly commit: (statements: readonly Statement[]) => Promise<void>
  /** Throws where another process may deliver by now. */
  readonly check: () => void
  readonly signal: AbortSignal
  /** What becomes of refused records, where that is not a dead letter of this transfer: in a replay. */
  readonly refused?: (letters: readonly NewLetter[]) => readonly Statement[]
}

/**
 * Delivers a dataset to one target, from where it stands to the dataset's end, at the target's own pace. Throws what
 * the target throws: then it goes on another time from the last checkpoint.
 */
export async function deliverAll(delivering: Delivering): Promise<void> {
  const { planned, plan, follower, state, signal, target, check, commit, refused } = delivering
  const { mode, key } = planned
  const concurrency = plan.order === 'any' ? plan.concurrency : 1
  const deliveryId = deliveryIdOf(delivering)
  const delivery = await target
    .begin({ mode, key, deliveryId, state: state.state, concurrency, signal })
    .catch(async (error: unknown) => {
      await follower.close()
      throw error
    })
  const tally = new Tally(delivering, state)
  const checkpoints = new Checkpoints({
    ...{ of: delivering, delivery, tally, state, commit, check, signal, refused },
  })
  try {
    await checkpoints.begin()
    await deliverBlocks(delivering, {
      ...{ delivery, follower, tally, check, signal },
      each: async () => {
        await checkpoints.grown()
        return true
      },
    })
    await checkpoints.save()
    check()
    await delivery.finish(signal)
    await checkpoints.end()
  } catch (error) {
    // What was written well before the fault need not be written again.
    if (delivery.resumable) await checkpoints.save().catch(() => {})
    await delivery.abort().catch(() => {})
    throw error
  } finally {
    await follower.close()
  }
}
