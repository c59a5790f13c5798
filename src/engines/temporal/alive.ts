import { joined } from '../../joined.ts'
import type { Cluster } from './cluster.ts'

/** Twice before the server takes the worker for dead. */
const beatEvery = 3000

/**
 * Work of an activity, which says that the worker lives meanwhile. `signal` aborts when it is cancelled, or this process
 * gives it up: then it fails so that it is tried again, on another worker.
 */
export async function alive<T>(
  { libraries: { activity, common }, ending }: Cluster,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { cancellationSignal, heartbeat } = activity.Context.current()
  const beats = setInterval(() => heartbeat(), beatEvery)
  try {
    return await joined([cancellationSignal, ending.signal], work)
  } catch (error) {
    if (!ending.signal.aborted) throw error
    throw common.ApplicationFailure.create({
      message: 'The worker ends.',
      type: 'worker-ends',
      nextRetryDelay: 100,
    })
  } finally {
    clearInterval(beats)
  }
}
