/** The time that a guard goes by, and the one way to be woken by it. Tests and drawings inject their own. */
export interface GuardClock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Calls `wake` after so many milliseconds; returns how to stop it. */
  after(ms: number, wake: () => void): () => void
}

export const systemTime: GuardClock = {
  now: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, Math.min(ms, longestTimer))
    return () => clearTimeout(timer)
  },
}

/** What Node.js can count; whoever waits longer looks again then. */
const longestTimer = 2 ** 31 - 1

/** Resolves after `ms`; rejects with the reason of the first signal that aborts. */
export function pause(clock: GuardClock, ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = signals.find((signal) => signal.aborted)
    if (aborted) return reject(aborted.reason as Error)
    const leave = (): void => {
      stopTimer()
      for (const [signal, stop] of stops) signal.removeEventListener('abort', stop)
    }
    const stops = signals.map((signal): [AbortSignal, () => void] => [
      signal,
      () => {
        leave()
        reject(signal.reason as Error)
      },
    ])
    const stopTimer = clock.after(ms, () => {
      leave()
      resolve()
    })
    for (const [signal, stop] of stops) signal.addEventListener('abort', stop, { once: true })
  })
}
