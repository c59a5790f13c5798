import type { Json } from '../workflow/index.ts'
import type { FeedItem } from './feed.ts'
import type { RunSummary, TaskRecord, Timeline } from './history.ts'

/**
 * A run with all its tasks, in the order in which they were created, from what its feed tells. Without `values` the
 * tasks have neither input nor output.
 */
export function timelineOf(run: RunSummary, items: readonly FeedItem[], values = true): Timeline {
  const tasks = new Map<string, TaskRecord>()
  let input: Json = null
  let output: Json | undefined
  for (const item of items) {
    if (item.type === 'start') input = item.input
    if (item.type !== 'report') continue
    const { report } = item
    if (report.kind === 'workflow.completed') output = report.output
    if (!('key' in report)) continue
    const at = new Date(item.at).toISOString()
    let task = tasks.get(report.key)
    if (!task) {
      task = { task: report.task, key: report.key, status: 'pending', createdAt: at, retries: 0 }
      tasks.set(report.key, task)
    }
    switch (report.kind) {
      case 'task.created':
        break
      case 'task.started':
        task.status = 'running'
        task.startedAt = at
        if (values) task.input = report.input
        break
      case 'task.completed':
        task.status = 'completed'
        task.endedAt = at
        if (values) task.output = report.output
        break
      case 'task.faulted':
        task.status = 'faulted'
        task.endedAt = at
        task.error = report.error
        break
      case 'task.cancelled':
        task.status = 'cancelled'
        task.endedAt = at
        break
      case 'task.suspended':
        task.status = 'suspended'
        break
      case 'task.resumed':
        task.status = 'running'
        break
      case 'task.retried':
        task.retries = report.attempt
        task.retriedAt = [...(task.retriedAt ?? []), at]
        break
    }
  }
  return { run, input, ...(output === undefined ? {} : { output }), tasks: [...tasks.values()] }
}
