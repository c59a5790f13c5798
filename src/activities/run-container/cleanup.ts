import type { ActivityOptions } from '../activity.ts'
import type { Engine } from './engine.ts'

/** Removes containers when their time has come (dsl-reference.md, "Container Lifetime"). */
export interface Cleaner {
  /** A container has ended: it is removed now, later, or not at all. */
  ended(id: string, cleanup: number | 'never'): Promise<void>
  /** Looks after what a server before this one left, once. Does not wait, and never fails. */
  sweep(): void
  close(): void
}

const label = 'io.sluse.cleanup'

/** For so long the container of a server that died is left to the attempt that may take it over. */
const adoptionMs = 3_600_000

/** The longest that one timer can wait. */
const longestTimer = 2 ** 31 - 1

export function cleaner(engine: Engine, log: ActivityOptions['log']): Cleaner {
  const timers = new Set<NodeJS.Timeout>()
  let swept = false

  const removeIn = (id: string, ms: number): void => {
    const wait = Math.min(Math.max(ms, 0), longestTimer)
    const timer = setTimeout(() => {
      timers.delete(timer)
      if (ms > wait) removeIn(id, ms - wait)
      else void engine.remove(id)
    }, wait)
    timers.add(timer.unref())
  }

  const look = async () => {
    const bounded = () => AbortSignal.timeout(30_000)
    for (const id of await engine.ended(label, bounded())) {
      const { Config, State } = await engine.inspect(id, bounded())
      const after = Number(Config.Labels?.[label])
      const due = Date.parse(State.FinishedAt ?? '') + Math.max(after, adoptionMs)
      if (Number.isFinite(due)) removeIn(id, due - Date.now())
    }
  }

  return {
    async ended(id, cleanup) {
      if (cleanup === 'never') return
      if (cleanup === 0) await engine.remove(id)
      else removeIn(id, cleanup)
    },
    sweep() {
      if (swept) return
      swept = true
      look().catch((error: unknown) => {
        log?.('warn', 'Containers of before could not be looked after.', { reason: String(error) })
      })
    },
    close() {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}
