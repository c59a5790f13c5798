import { sleep, workflowInfo } from '@temporalio/workflow'

/**
 * How much of what may hold a payload is sent with one task of the workflow. All of it is one message, of at most 4 MB,
 * and a payload in it has up to `maxPayloadBytes`: a task that is larger is refused, again and again.
 */
const mostSent = 40

let task = -1
let sent = 0
let next: Promise<void> | undefined

/** Takes a place in this task of the workflow; where it has none left, resolves with a place in a later one. */
export function room(): Promise<void> | undefined {
  const { historyLength } = workflowInfo()
  if (historyLength !== task) {
    task = historyLength
    sent = 0
  }
  if (sent++ < mostSent) return undefined
  // A timer is what ends this task and begins another one.
  next ??= sleep(1).then(() => (next = undefined))
  return next.then(room)
}
