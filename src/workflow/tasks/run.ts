import { fillArguments, type Special } from '../calls/builtin.ts'
import type { RunTask, WorkflowProcess } from '../definition/types.ts'
import type { Frame } from '../frame.ts'
import { omit, type Json, type JsonObject } from '../json.ts'
import { located } from '../locate.ts'
import { fault, problemOf, WorkflowFault, type Problem } from '../problem.ts'

/**
 * dsl-reference.md, "Run": a container, a script, a shell command or another workflow. With `await: false` the
 * output is the transformed input, as soon as the process is durably due.
 */
export async function runTask(frame: Frame): Promise<Json> {
  const { run } = frame.node.task as RunTask
  const wait = run.await ?? true
  const output = run.workflow
    ? await runWorkflow(frame, run.workflow, wait)
    : await runProcess(frame, run, wait)
  return wait ? output : frame.input
}

const special: { readonly [kind in 'container' | 'script' | 'shell']: Special } = {
  container: [[['lifetime', 'after'], 'duration']],
  script: [[['source'], 'resource']],
  shell: [],
}

function runProcess(frame: Frame, run: RunTask['run'], wait: boolean): Promise<Json> {
  for (const kind of ['container', 'script', 'shell'] as const) {
    const process = run[kind] as JsonObject | undefined
    if (!process) continue
    const filled = fillArguments(frame, process, special[kind], `/run/${kind}`)
    if (kind === 'container') filled.name ??= containerName(frame)
    return frame.activity({ kind, input: { ...filled, return: run.return ?? 'stdout' }, wait })
  }
  throw fault('configuration', 'There is nothing to run.')
}

/** By the recommended convention: `{workflow.name}-{uuid}.{workflow.namespace}-{task.name}`. */
function containerName(frame: Frame): string {
  const { name, namespace } = frame.run.program.workflow.document
  const task = frame.node.name.replace(/[^a-zA-Z0-9_.-]/g, '_')
  return `${name}-${frame.run.context.uuid(`${frame.key}/name`)}.${namespace}-${task}`
}

/**
 * The output is the other workflow's; its fault is raised here, at this task. Without `input` it gets the task's
 * transformed input. `return` has no meaning for it.
 */
async function runWorkflow(frame: Frame, process: WorkflowProcess, wait: boolean): Promise<Json> {
  const { namespace, name, version = 'latest' } = process
  const input = process.input === undefined ? frame.input : frame.fill(process.input, '/run/workflow/input')
  frame.run.stirred()
  try {
    return await frame.run.context.child(frame.key, { namespace, name, version, input, wait }, frame.scope)
  } catch (error) {
    const problem = problemOf(error)
    if (!problem) throw error
    throw located(new WorkflowFault(omit(problem as JsonObject, 'instance') as Problem), frame.pointer)
  }
}
