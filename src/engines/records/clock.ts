/** The time and the one way to be woken by it. Tests inject their own. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Calls `wake` at `at` or soon after; returns how to stop it. */
  wakeAt(at: number, wake: () => void): () => void
}

/** The system clock may be set: look again at least this often. */
const longestTimeout = 30_000

export const systemClock: Clock = {
  now: () => Date.now(),
  wakeAt(at, wake) {
    let timer: NodeJS.Timeout
    const look = () => {
      const left = at - Date.now()
      if (left <= 0) wake()
      else timer = setTimeout(look, Math.min(left, longestTimeout)).unref()
    }
    timer = setTimeout(look, Math.min(Math.max(at - Date.now(), 0), longestTimeout)).unref()
    return () => clearTimeout(timer)
  },
}
