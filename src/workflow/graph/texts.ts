import type {
  Catch,
  Duration,
  EventConsumptionStrategy,
  EventFilterDefinition,
  RetryPolicy,
  Task,
} from '../definition/types.ts'

/** What a task does, in a few words for its node. */
export function detail(task: Task): string {
  if ('call' in task) return `call ${task.call}${callText(task.with)}`
  if ('emit' in task) return `emit ${task.emit.event.with?.type ?? 'event'}`
  if ('listen' in task) return `listen to ${eventsText(task.listen.to)}`
  if ('raise' in task) {
    const { error } = task.raise
    return `raise ${typeof error === 'string' ? error : `${error.status} ${error.title ?? error.type}`}`
  }
  if ('run' in task) return runText(task.run)
  if ('set' in task)
    return typeof task.set === 'string' ? `set ${task.set}` : `set ${Object.keys(task.set).join(', ')}`
  return 'wait' in task ? `wait ${durationText(task.wait)}` : ''
}

function callText(args: unknown): string {
  const { method, endpoint, operationId, operation, channel } = (args ?? {}) as { [key: string]: unknown }
  const address =
    typeof endpoint === 'object' && endpoint !== null && 'uri' in endpoint ? endpoint.uri : endpoint
  const words = [method, address, operationId, operation, channel].filter((word) => typeof word === 'string')
  return words.length === 0 ? '' : `: ${words.join(' ')}`
}

function runText(run: Extract<Task, { run: unknown }>['run']): string {
  if (run.container) return `run container ${run.container.image}`
  if (run.script) return `run ${run.script.language} script`
  if (run.shell) return `run ${run.shell.command}`
  return run.workflow
    ? `run workflow ${run.workflow.namespace}/${run.workflow.name}:${run.workflow.version}`
    : 'run'
}

export function durationText(duration: Duration): string {
  if (typeof duration === 'string') return duration
  return Object.entries(duration)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(' ')
}

export function eventsText(events: EventConsumptionStrategy): string {
  const until =
    events.until === undefined ? '' : ` until ${typeof events.until === 'string' ? events.until : 'events'}`
  if (events.one) return filterText(events.one)
  if (events.all) return `all of ${events.all.map(filterText).join(', ')}`
  return `${events.any?.length ? `any of ${events.any.map(filterText).join(', ')}` : 'any event'}${until}`
}

function filterText(filter: EventFilterDefinition): string {
  const { type, source } = filter.with
  return type ?? source ?? Object.keys(filter.with).join(', ')
}

export function catchText(caught: Catch): string {
  const errors = Object.entries(caught.errors?.with ?? {}).map(
    ([key, value]) => `${key} ${JSON.stringify(value)}`,
  )
  const when = caught.when === undefined ? [] : [`when ${caught.when}`]
  const except = caught.exceptWhen === undefined ? [] : [`except when ${caught.exceptWhen}`]
  return `catch ${[...errors, ...when, ...except].join(', ') || 'all'}`
}

export function retryText(retry: string | RetryPolicy): string {
  if (typeof retry === 'string') return `retry ${retry}`
  const delay = retry.delay === undefined ? '' : ` after ${durationText(retry.delay)}`
  const backoff = retry.backoff ? ` ${Object.keys(retry.backoff).join('')}` : ''
  const count = retry.limit?.attempt?.count
  return `retry${delay}${backoff}${count === undefined ? '' : `, ${count} times`}`
}
