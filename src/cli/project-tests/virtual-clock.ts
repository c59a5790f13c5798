import type { Clock } from '../../engines/index.ts'

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /** Goes there, and wakes what wanted to be woken until then. */
  advanceTo(time: number): void
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
    advanceTo: (time) => {
      now = Math.max(now, time)
      const due = [...sleepers].filter(({ at }) => at <= now).sort((one, other) => one.at - other.at)
      for (const sleeper of due) {
        sleepers.delete(sleeper)
        sleeper.wake()
      }
    },
  }
}
