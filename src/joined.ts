/**
 * Runs the work with a signal that aborts when one of these does, and lets go of them afterwards: what
 * `AbortSignal.any` makes is remembered by a signal that lives as long as the process (Node.js before 22), one after the
 * other, for ever.
 */
export async function joined<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController()
  const aborts = signals.map((signal) => [signal, () => either.abort(signal.reason)] as const)
  for (const [signal, abort] of aborts) {
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  }
  try {
    return await work(either.signal)
  } finally {
    for (const [signal, abort] of aborts) signal.removeEventListener('abort', abort)
  }
}
