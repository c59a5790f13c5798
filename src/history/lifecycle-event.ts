import type { CloudEvent, Json, LifecycleReport } from '../workflow/index.ts'

/** What the feed knows of the run that an item belongs to. */
export interface RunIdentity {
  readonly number: number
  readonly id: string
  readonly namespace: string
  readonly name: string
  readonly version: string
  /** Of the marks that stand for the run's secrets. */
  readonly nonce: string | undefined
}

/**
 * The specification's lifecycle event for a report: exactly the documented data, no more and no less
 * (dsl.md, "Lifecycle Events"; dsl-reference.md, "Lifecycle Events"). `name` and `workflow` are the qualified name
 * `{name}-{id}.{namespace}`, `task` is the JSON pointer in the definition.
 */
export function lifecycleEvent(
  run: RunIdentity,
  cursor: string,
  report: LifecycleReport,
  at: number,
): CloudEvent {
  const time = new Date(at).toISOString()
  return {
    specversion: '1.0',
    id: `${run.id}/${cursor}`,
    source: `/${run.namespace}/${run.name}/${run.version}`,
    subject: run.id,
    type: `io.serverlessworkflow.${report.kind}.v1`,
    time,
    datacontenttype: 'application/json',
    data: dataOf(run, report, time),
  }
}

function dataOf(run: RunIdentity, report: LifecycleReport, time: string): Json {
  const name = `${run.name}-${run.id}.${run.namespace}`
  switch (report.kind) {
    case 'workflow.started': {
      const definition = { name: run.name, namespace: run.namespace, version: run.version }
      return { name, definition, startedAt: time }
    }
    case 'workflow.correlation-started':
      return { name, startedAt: time }
    case 'workflow.correlation-completed':
      return {
        name,
        completedAt: time,
        ...(report.correlationKeys === undefined ? {} : { correlationKeys: report.correlationKeys }),
      }
    case 'workflow.suspended':
      return { name, suspendedAt: time }
    case 'workflow.resumed':
      return { name, resumedAt: time }
    case 'workflow.cancelled':
      return { name, cancelledAt: time }
    case 'workflow.completed':
      return { name, completedAt: time, output: report.output }
    case 'workflow.faulted':
      return { name, faultedAt: time, error: report.error as Json }
    case 'task.created':
      return { workflow: name, task: report.task, createdAt: time }
    case 'task.started':
      return { workflow: name, task: report.task, startedAt: time }
    case 'task.suspended':
      return { workflow: name, task: report.task, suspendedAt: time }
    case 'task.resumed':
      return { workflow: name, task: report.task, resumedAt: time }
    case 'task.retried':
      return { workflow: name, task: report.task, retriedAt: time }
    case 'task.cancelled':
      return { workflow: name, task: report.task, cancelledAt: time }
    case 'task.completed':
      return { workflow: name, task: report.task, completedAt: time, output: report.output }
    case 'task.faulted':
      return { workflow: name, task: report.task, faultedAt: time, error: report.error as Json }
  }
}
