import type { CloudEvent, Json, Problem } from '../../src/workflow/index.ts'

/** What one task of a run did, as its lifecycle events tell it. */
export interface TaskRun {
  readonly name: string
  /** JSON pointer in the definition. */
  readonly task: string
  readonly status: 'started' | 'completed' | 'faulted' | 'cancelled'
  readonly output?: Json
  readonly error?: Problem
}

const prefix = 'io.serverlessworkflow.task.'

/** The tasks of a run in the order in which they started; a task that started twice is there twice. */
export function taskRuns(lifecycle: readonly CloudEvent[]): TaskRun[] {
  const runs: TaskRun[] = []
  for (const event of lifecycle) {
    if (!event.type.startsWith(prefix)) continue
    const data = event.data as { task: string; output?: Json; error?: Problem }
    const what = event.type.slice(prefix.length).replace(/\.v1$/, '')
    if (what === 'started') runs.push({ name: taskName(data.task), task: data.task, status: 'started' })
    if (what !== 'completed' && what !== 'faulted' && what !== 'cancelled') continue
    const at = runs.findLastIndex((run) => run.task === data.task && run.status === 'started')
    const { output, error } = data
    const end = { ...(output === undefined ? {} : { output }), ...(error === undefined ? {} : { error }) }
    if (at >= 0) runs[at] = { ...(runs[at] as TaskRun), status: what, ...end }
  }
  return runs
}

/** The last part of a task's JSON pointer (RFC 6901). */
export function taskName(pointer: string): string {
  return (pointer.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~')
}
