import { taskKinds } from '../definition/task-kind.ts'
import type { CallFunction, Task } from '../definition/types.ts'
import { endpointOf } from '../endpoints.ts'
import { inside, type Frame } from '../frame.ts'
import { isObject, pointerStep, type Json, type JsonObject } from '../json.ts'
import { fault } from '../problem.ts'
import { TaskNode } from '../program.ts'
import { builtinFunction } from './builtin-functions.ts'
import { catalogedUri, parseFunctionReference, type FunctionReference } from './function-reference.ts'

/**
 * dsl-reference.md, "Call", for functions: a task that is performed with `with` as its raw input, or with this
 * task's transformed input where there is no `with`. It sees none of the caller's local variables.
 * Errors in a function of `use.functions` point to it there; those of a fetched one to the calling task.
 */
export async function callFunction(frame: Frame): Promise<Json> {
  const task = frame.node.task as CallFunction
  const input = task.with === undefined ? frame.input : frame.fill(task.with, '/with')
  const builtin = builtinFunction(task.call)
  if (builtin) return builtin(frame, input as JsonObject)
  const node = await functionOf(frame, task.call)
  const within = inside(frame, { locals: { names: frame.run.program.names, values: {} } })
  const key = `${frame.key}/call/${pointerStep(node.name)}`
  const performed = await frame.run.perform.task(node, key, input, within)
  if (performed.then === 'end') frame.then = 'end'
  return performed.output
}

async function functionOf(frame: Frame, call: string): Promise<TaskNode> {
  const inline = frame.run.program.function(call)
  if (inline) {
    inline.origin ??= {}
    return inline
  }
  const reference = parseFunctionReference(call)
  if (reference.kind === 'inline') {
    throw fault('configuration', `There is no function '${call}': neither in use.functions nor built in.`)
  }
  const known = frame.run.functions.get(call) ?? (await fetched(frame, call, reference))
  const node = new TaskNode(
    known,
    reference.kind === 'cataloged' ? reference.name : 'function',
    frame.pointer,
    '',
  )
  node.origin = originOf(inputOf(frame, reference))
  return node
}

/** Where a function is from: its name in a catalog that the server knows, or its address. */
function originOf({ name, version, catalog, endpoint }: JsonObject): JsonObject {
  if (isObject(endpoint)) return { address: endpoint.uri ?? null }
  return { reference: { name: name ?? null, version: version ?? null, catalog: catalog ?? null } }
}

/** Within a run, a function is fetched once and is always the same. */
async function fetched(
  frame: Frame,
  call: string,
  reference: Exclude<FunctionReference, { kind: 'inline' }>,
): Promise<Task> {
  const content = await frame.activity({ kind: 'function', input: inputOf(frame, reference) }, '/function')
  if (!isObject(content) || !taskKinds.some((kind) => Object.hasOwn(content, kind))) {
    throw fault('configuration', `The function '${call}' is not a task.`)
  }
  const task = content as unknown as Task
  frame.run.functions.set(call, task)
  return task
}

/** A catalog of that name in `use.catalogs` comes before the runtime's own `default`. */
function inputOf(frame: Frame, reference: Exclude<FunctionReference, { kind: 'inline' }>): JsonObject {
  if (reference.kind === 'address') return { endpoint: { uri: reference.uri } }
  const { name, version, catalog } = reference
  const catalogs = frame.run.program.workflow.use?.catalogs
  const declared = catalogs && Object.hasOwn(catalogs, catalog) ? catalogs[catalog] : undefined
  if (!declared) {
    if (catalog === 'default') return { name, version, catalog }
    throw fault('configuration', `use.catalogs has no '${catalog}'.`)
  }
  const endpoint = endpointOf(frame, declared.endpoint, '/call')
  const uri = catalogedUri(endpoint.uri, name, version)
  return { name, version, catalog, endpoint: { ...endpoint, uri } }
}
