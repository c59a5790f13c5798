import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow'
import { superseded } from '../protocol.ts'

const ever = 10 * 365 * 24 * 3_600_000

/**
 * An effect may take as long as its own timeouts allow; a worker that died is known by its silence. What fails for the
 * pipeline is a result, so that a failure here is only ever a reason to try again elsewhere.
 */
export const effectOptions: ActivityOptions = {
  startToCloseTimeout: ever,
  heartbeatTimeout: 10_000,
  cancellationType: 'TRY_CANCEL',
  retry: {
    initialInterval: 200,
    maximumInterval: 10_000,
    nonRetryableErrorTypes: [superseded],
  },
}

/** An effect that one process has under way: where that is gone it is carried out anew, by whichever. */
export const unfinishedOptions = (taskQueue: string): ActivityOptions => ({
  ...effectOptions,
  taskQueue,
  scheduleToStartTimeout: 10_000,
  retry: { maximumAttempts: 1 },
})

/** What reads and writes the records: tried until the database answers. */
export const recordOptions: LocalActivityOptions = {
  startToCloseTimeout: 60_000,
  localRetryThreshold: 2000,
  retry: {
    initialInterval: 100,
    maximumInterval: 5000,
    nonRetryableErrorTypes: [superseded],
  },
}
