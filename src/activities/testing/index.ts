/** What tests of activities need: a request without a run around it. */
import { createHttpClient } from '../../http/index.ts'
import type { ActivityContext } from '../activity.ts'
import { guardedBy } from '../guarded.ts'

const http = createHttpClient()

export function activityContext(given: Partial<ActivityContext> = {}): ActivityContext {
  return {
    idempotencyKey: 'run-1/do/0/task',
    attempt: 0,
    runId: 'run-1',
    key: '/do/0/task',
    secrets: {},
    signal: new AbortController().signal,
    http,
    guarded: guardedBy(undefined, { attempt: 0 }),
    ...given,
  }
}
