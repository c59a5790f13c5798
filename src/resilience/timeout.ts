import type { GuardClock } from './guard-clock.ts'

/** A call took longer than its policy allows. */
export class TimedOut extends Error {
  readonly code = 'SLUSE-TIMED-OUT'
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`)
    this.name = 'TimedOut'
    this.timeoutMs = timeoutMs
  }
}

/**
 * Runs `operation` with a signal that aborts with `signal`, with `lost`, or with `TimedOut` when its time is over; 0:
 * never. What does not listen is not waited for when its time is over.
 */
export async function withTimeout<T>(
  operation: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number | undefined,
  signal: AbortSignal,
  clock: GuardClock,
  lost?: AbortSignal,
): Promise<T> {
  const endless = timeoutMs === undefined || timeoutMs === 0
  if (endless && !lost) return operation(signal)
  const controller = new AbortController()
  const ends = lost ? [signal, lost] : [signal]
  const forward = (): void => controller.abort(ends.find(({ aborted }) => aborted)?.reason)
  for (const end of ends) end.addEventListener('abort', forward, { once: true })
  let stopTimer = (): void => {}
  const expired = new Promise<never>((_, reject) => {
    if (endless) return
    stopTimer = clock.after(timeoutMs, () => {
      const timedOut = new TimedOut(timeoutMs)
      reject(timedOut)
      controller.abort(timedOut)
    })
  })
  try {
    return await Promise.race([operation(controller.signal), expired])
  } finally {
    stopTimer()
    for (const end of ends) end.removeEventListener('abort', forward)
  }
}
