import type { Delivery, Target } from '../../connectors/index.ts'
import type { Statement } from '../../database/index.ts'
import type { Follower } from '../dataset/staged.ts'
import type { Sharing } from '../parts.ts'
import type { NewLetter } from '../store/store.ts'
import { deliverBlocks, deliveryIdOf } from './blocks.ts'
import { Checkpoints } from './checkpoints.ts'
import { deliverInParts } from './in-parts.ts'
import { Pace } from './pace.ts'
import type { Consignment } from './consignment.ts'
import { Tally, type DeliveryState } from './tally.ts'

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
  /** Where other processes may deliver some of it. */
  readonly sharing?: Sharing | undefined
}

/**
 * Delivers a dataset to one target, from where it stands to the dataset's end, at the target's own pace; what there is much
 * of together with others, where they may. Throws what the target throws: then it goes on another time from the last
 * checkpoint.
 */
export async function deliverAll(delivering: Delivering): Promise<void> {
  const { follower, state } = delivering
  const progress = { tally: new Tally(delivering, state), pace: new Pace() }
  try {
    for (;;) {
      const sharing = await deliverAlone(delivering, progress)
      if (!sharing) return
      await deliverInParts(delivering, sharing, progress)
    }
  } finally {
    await follower.close()
  }
}

/** To the end; or up to where others should help, and then gives how they are asked. */
async function deliverAlone(
  delivering: Delivering,
  { tally, pace }: { tally: Tally; pace: Pace },
): Promise<Sharing | undefined> {
  const { planned, plan, follower, state, signal, target, check } = delivering
  const { mode, key } = planned
  const concurrency = plan.order === 'any' ? plan.concurrency : 1
  const deliveryId = deliveryIdOf(delivering)
  const delivery = await target.begin({ mode, key, deliveryId, state: state.state, concurrency, signal })
  const checkpoints = new Checkpoints(delivering, { delivery, tally })
  const sharing = concurrency > 1 && isParallel(delivery) ? delivering.sharing : undefined
  /** After so many records at once: whether there is so much left that others should help. */
  const isMuch = (records: number) => {
    if (!sharing || sharing.others() === 0) return false
    const left = delivering.staged.extent.records - tally.reached.records
    return left > 2 * Math.max(pace.perMs * sharing.partMs, records)
  }
  const each = async (records: number, ms: number) => {
    pace.took(records, ms)
    await checkpoints.grown()
    return !isMuch(records)
  }
  try {
    await checkpoints.begin()
    const isAll = await deliverBlocks(delivering, { delivery, follower, tally, check, signal, each })
    await checkpoints.save()
    check()
    // Also before others help: what is open at the target would stay so for as long as they do.
    await delivery.finish(signal)
    if (!isAll) return sharing
    await checkpoints.end()
    return undefined
  } catch (error) {
    // What was written well before the fault need not be written again.
    if (delivery.resumable) await checkpoints.save().catch(() => {})
    await delivery.abort().catch(() => {})
    throw error
  }
}

/** One that stands somewhere can be in one place only. */
function isParallel({ parallel = false, resumable, state }: Delivery): boolean {
  return parallel && resumable && state === undefined
}
