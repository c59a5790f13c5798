import type { Clock } from '../../engines/index.ts'

/** A clock that stands still until it is told to go to the next time at which something wants to be woken. */
export interface VirtualClock extends Clock {
  /** Goes there; false where nothing is to be woken. */
  advance(): boolean
}

export function virtualClock(start = Date.UTC(2026, 0, 5, 8)): VirtualClock {
  let now = start
  const sleepers = new Set<{ at: number; wake: () => void }>()
  return {
    now: () => now,
    wakeAt: (at, wake) => {
      const sleeper = { at, wake }
      sleepers.add(sleeper)
      return () => sleepers.delete(sleeper)
    },
    advance: () => {
      const [first] = [...sleepers].sort((one, other) => one.at - other.at)
      if (!first) return false
      sleepers.delete(first)
      now = Math.max(now, first.at)
      first.wake()
      return true
    },
  }
}
