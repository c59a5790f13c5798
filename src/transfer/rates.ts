import type { Store } from './store/store.ts'

/** How fast the transfers go that are under way. */
export interface Rates {
  /** Something of it was committed. */
  advanced(transfer: string): void
  ended(transfer: string): void
  of(transfer: string): Rate | undefined
}

/** A second, over the last few seconds. */
export interface Rate {
  readonly read: number
  /** By the target's number. */
  readonly targets: readonly number[]
  /** Of `progress`, in its unit. */
  readonly progress: number
}

interface Sample {
  readonly at: number
  readonly read: number
  readonly progress: number
  readonly targets: readonly number[]
}

const windowMs = 10_000
const everyMs = 500
/** One of which nothing was heard for so long is forgotten: others may have ended it. */
const forgottenAfterMs = 60_000

export function openRates(store: Store, now: () => number): Rates {
  const samples = new Map<string, Sample[]>()
  const asked = new Map<string, number>()

  const sample = async (transfer: string) => {
    const [row, targets] = await Promise.all([store.transfer(transfer), store.targets(transfer)])
    if (!row || !asked.has(transfer)) return
    const at = now()
    const kept = (samples.get(transfer) ?? []).filter((each) => each.at > at - windowMs)
    const { read, progress } = row
    kept.push({ at, read, progress: progress?.done ?? 0, targets: targets.map(({ records }) => records) })
    samples.set(transfer, kept)
  }

  const forget = (transfer: string) => {
    samples.delete(transfer)
    asked.delete(transfer)
  }

  return {
    advanced(transfer) {
      const at = now()
      if (at - (asked.get(transfer) ?? 0) < everyMs) return
      asked.set(transfer, at)
      for (const [other, last] of asked) if (at - last > forgottenAfterMs) forget(other)
      // A rate that cannot be had is missing from what is shown, and nothing else.
      sample(transfer).catch(() => {})
    },
    ended: forget,
    of(transfer) {
      const all = samples.get(transfer) ?? []
      const [first, last] = [all[0], all.at(-1)]
      if (!first || !last || last.at <= first.at) return undefined
      const perSecond = (after: number, before: number) => ((after - before) * 1000) / (last.at - first.at)
      return {
        read: perSecond(last.read, first.read),
        progress: perSecond(last.progress, first.progress),
        targets: last.targets.map((records, index) => perSecond(records, first.targets[index] ?? 0)),
      }
    },
  }
}
