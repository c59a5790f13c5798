import { joined } from '../../joined.ts'
import type { BlockAddress } from '../dataset/block.ts'
import type { Follower } from '../dataset/staged.ts'
import type { Sharing } from '../parts.ts'
import { openPlain, sealPlain } from '../steps/sealed.ts'
import { errorTold } from '../trouble.ts'
import { Checkpoints } from './checkpoints.ts'
import type { Delivering } from './deliver-all.ts'
import { Pace } from './pace.ts'
import { deliverPart, type Delivered, type Range } from './part.ts'
import type { Tally } from './tally.ts'

/** Parts under way for each process: while what became of one is on its way there is another. */
const partsOfEach = 2
/** Of one part, where its blocks are not larger by themselves. */
const mostRecords = 10_000
const mostBytes = 4 * 1024 * 1024

/** What became of a range, and where. */
interface Done {
  readonly range: Range
  readonly delivered: Delivered
  /** Whether another process delivered it. */
  readonly elsewhere: boolean
}

/**
 * Delivers what is durable of the dataset by now in parts, here and in other processes, at the same time. What became of
 * them is counted and kept in order. Ends where all of it is delivered, or there are more or fewer processes than at
 * the beginning. Throws the failure of a part once all before it is counted; that of another process only where this one has
 * it as well, for what is wrong may be there and not at the target.
 */
export async function deliverInParts(
  delivering: Delivering,
  sharing: Sharing,
  progress: { tally: Tally; pace: Pace },
): Promise<void> {
  const ending = new AbortController()
  await joined([delivering.signal, ending.signal], (signal) =>
    deliverAtOnce({ ...delivering, signal }, sharing, progress, (why) => ending.abort(why)),
  )
}

/** `stop` aborts the signal. */
async function deliverAtOnce(
  delivering: Delivering,
  sharing: Sharing,
  { tally, pace }: { tally: Tally; pace: Pace },
  stop: (why: Error) => void,
): Promise<void> {
  const { plan, staged, follower, target, check, signal } = delivering
  const others = sharing.others()
  const { most, concurrency } = divide(plan.concurrency, partsOfEach * (others + 1))
  const parts = sharing.open({ concurrency: most })
  const checkpoints = new Checkpoints(delivering, { tally, also: () => parts.settled() })
  const underWay: Promise<Done>[] = []
  // Until it is known: a part has but its share of what may be under way.
  const ofParts = new Pace((pace.perMs * concurrency) / plan.concurrency)
  let { at, records: first } = tally.reached

  const here = async (range: Range): Promise<Done> => {
    const delivered = await deliverPart(delivering, range, { target, check, signal })
    return { range, delivered, elsewhere: false }
  }
  const from = (range: Range, output: string): Done => {
    return { range, delivered: openPlain(output, staged.key) as Delivered, elsewhere: true }
  }
  const begin = (range: Range, how: 'anywhere' | 'here' = 'anywhere'): Promise<Done> => {
    const done = parts.do<Done>({
      here: () => here(range),
      from: async (output) => from(range, output),
      ...(how === 'anywhere' && { input: async () => sealPlain(range, staged.key) }),
    })
    done.catch(() => {})
    return done
  }
  try {
    for (;;) {
      tally.check()
      while (underWay.length < 2 * most && sharing.others() === others) {
        // Towards the end they are smaller, so that nobody has much to do when the others are done.
        const left = staged.extent.records - first
        const records = Math.min(ofParts.perMs * sharing.partMs, left / (2 * most), mostRecords)
        const found = await nextBlocks(follower, at, records)
        if (!found) break
        underWay.push(begin({ from: at, to: found.to, first, concurrency }))
        at = found.to
        first = found.records
      }
      const next = underWay.shift()
      if (!next) break
      const { range, delivered, elsewhere } = await next
      const { reached, ms, failure } = delivered
      tally.join(delivered)
      await checkpoints.grown()
      if (!failure) ofParts.took(reached.delivered + reached.refused, ms)
      else if (elsewhere) underWay.unshift(begin(restOf(range, delivered), 'here'))
      else throw errorTold(failure)
    }
    // Nothing is left of these parts when the next are opened.
    await checkpoints.save()
  } catch (error) {
    await checkpoints.save().catch(() => {})
    throw error
  } finally {
    stop(new Error('The parts of the delivery have ended.'))
    parts.close()
    await Promise.allSettled(underWay)
  }
}

/** What is left of a range. */
function restOf(range: Range, { reached }: Delivered): Range {
  return { ...range, from: reached.at, first: reached.records }
}

/** The most of `concurrency` that can be divided evenly among at most so many parts, and as many parts as go. */
export function divide(concurrency: number, parts: number): { most: number; concurrency: number } {
  let best = { most: 1, concurrency }
  for (let most = Math.min(parts, concurrency), used = 0; most > 1; most--) {
    const each = Math.floor(concurrency / most)
    if (most * each <= used) continue
    used = most * each
    best = { most, concurrency: each }
  }
  return best
}

/** So many records in whole blocks, at least one; `undefined` where there is no block yet. */
async function nextBlocks(
  follower: Follower,
  from: BlockAddress,
  most: number,
): Promise<{ to: BlockAddress; records: number } | undefined> {
  let found: { to: BlockAddress; records: number } | undefined
  for (let count = 0, bytes = 0; !found || (count < most && bytes < mostBytes);) {
    const block = await follower.skip(found?.to ?? from)
    if (!block) break
    count += block.count
    bytes += block.bytes
    found = { to: block.next, records: block.first + block.count }
  }
  return found
}
