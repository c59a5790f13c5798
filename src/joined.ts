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
  const letGo = signals.map((signal) => abortWith(either, signal))
  try {
    return await work(either.signal)
  } finally {
    for (const each of letGo) each()
  }
}

/** Aborts the controller when the signal does, with its reason. Returns how to let go of it. */
export function abortWith(controller: AbortController, signal: AbortSignal): () => void {
  const abort = () => controller.abort(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}
