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

/** Runs `operation` with a signal that aborts with `signal`, or with `TimedOut` when its time is over; 0: never. */
export async function withTimeout<T>(
  operation: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number | undefined,
  signal: AbortSignal,
  clock: GuardClock,
): Promise<T> {
  if (timeoutMs === undefined || timeoutMs === 0) return operation(signal)
  const controller = new AbortController()
  const forward = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', forward, { once: true })
  let stopTimer = (): void => {}
  const expired = new Promise<never>((_, reject) => {
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
    signal.removeEventListener('abort', forward)
  }
}
