import { ExchangeError } from './faults.ts'

/** Runs `work` with a signal that aborts with `signal`, or after `milliseconds` with an `ExchangeError`. */
export async function withDeadline<T>(
  signal: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const pass = () => controller.abort(signal.reason)
  const timer = setTimeout(() => controller.abort(new ExchangeError('SLUSE_TOTAL_TIMEOUT')), milliseconds)
  signal.addEventListener('abort', pass, { once: true })
  try {
    return await raced(work(controller.signal), controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', pass)
  }
}

/** As `work`, but ends at once when `signal` aborts, whoever else still waits for `work`. */
export function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
