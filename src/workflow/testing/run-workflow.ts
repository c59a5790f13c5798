import type { CloudEvent } from '../events.ts'
import type { TaskList, Workflow } from '../definition/types.ts'
import { interpret } from '../interpreter.ts'
import type { Json } from '../json.ts'
import { problemOf, type Problem } from '../problem.ts'
import type { RunStart } from '../run-start.ts'
import { Cancelled, Scope } from '../scope.ts'
import { MemoryContext, type Entry, type World } from './memory-context.ts'

export type Ended =
  | { readonly status: 'completed'; readonly output: Json }
  | { readonly status: 'faulted'; readonly error: Problem }
  | { readonly status: 'cancelled' }
  | { readonly status: 'waiting' }

export interface Result {
  readonly ended: Ended
  readonly context: MemoryContext
  /** Runs it again from this journal, of which the first `length` entries are given. */
  replay(length?: number): Promise<Result>
}

export interface Given extends World, Partial<Omit<RunStart, 'workflow'>> {}

export const startedAt = Date.UTC(2026, 0, 31, 12)

/** A definition as data: its `do` list alone, or the whole but for `document`. */
export type Definition = readonly object[] | { readonly [key: string]: unknown }

export function workflowOf(definition: Definition): Workflow {
  const document = { dsl: '1.0.3', namespace: 'test', name: 'example', version: '1.0.0' }
  const rest = Array.isArray(definition) ? { do: definition as unknown as TaskList } : definition
  return { document, ...rest } as unknown as Workflow
}

export function startOf(definition: Definition, given: Partial<RunStart> = {}): RunStart {
  return {
    id: 'run-1',
    workflow: workflowOf(definition),
    input: null,
    startedAt,
    secrets: {},
    runtime: { name: 'sluse', version: '0.0.0', metadata: {} },
    ...given,
  }
}

/** Runs a definition in memory, to its end or until it waits for an event that does not come. */
export async function runWorkflow(
  definition: Definition,
  given: Given = {},
  recorded: readonly Entry[] = [],
): Promise<Result> {
  const { activities, children, events, cancelAt, ...rest } = given
  const world: World = Object.fromEntries(
    Object.entries({ activities, children, events, cancelAt }).filter(([, value]) => value !== undefined),
  )
  const start = startOf(definition, rest)
  const scope = new Scope()
  const context = new MemoryContext(world, scope, start.startedAt, recorded)
  const run = interpret(start, context, scope)
  const state = await context.drive(run)
  return {
    ended: state === 'waiting' ? { status: 'waiting' } : await endOf(run),
    context,
    replay: (length) => runWorkflow(definition, given, context.journal.slice(0, length)),
  }
}

async function endOf(run: Promise<Json>): Promise<Ended> {
  try {
    return { status: 'completed', output: await run }
  } catch (error) {
    const problem = problemOf(error)
    if (problem) return { status: 'faulted', error: problem }
    if (error instanceof Cancelled) return { status: 'cancelled' }
    throw error
  }
}

/** The output of a run that must complete. */
export async function outputOf(definition: Definition, given: Given = {}): Promise<Json> {
  const { ended } = await runWorkflow(definition, given)
  if (ended.status !== 'completed') throw new Error(`not completed: ${JSON.stringify(ended)}`)
  return ended.output
}

/** The error of a run that must fault. */
export async function errorOf(definition: Definition, given: Given = {}): Promise<Problem> {
  const { ended } = await runWorkflow(definition, given)
  if (ended.status !== 'faulted') throw new Error(`not faulted: ${JSON.stringify(ended)}`)
  return ended.error
}

/** Reports as short texts: `task.started /do/0/a`. */
export function told(result: Result): string[] {
  return result.context.reports.map((report) =>
    'key' in report ? `${report.kind} ${report.key}` : report.kind,
  )
}

export function event(
  type: string,
  data: Json = null,
  extra: { [attribute: string]: Json } = {},
): CloudEvent {
  return {
    specversion: '1.0',
    id: `${type}-${JSON.stringify(data)}-${JSON.stringify(extra)}`,
    source: '/test',
    type,
    data,
    ...extra,
  }
}
