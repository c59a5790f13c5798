/**
 * The workflow layer: interprets a definition of the Open Workflow Specification, deterministically,
 * over the `DurableContext` port. No clock, chance, I/O or host type in this folder.
 */
export { isPostponed, Postponed, type ActivityCall, type OnFailure } from './activity.ts'
export type { ChildRun, ConsumedEvent, DurableContext } from './durable-context.ts'
export { milliseconds } from './durations.ts'
export { base64, utf8 } from './encoding.ts'
export {
  correlationsOf,
  dataOf,
  longestAttributes,
  matches,
  typesOf,
  type CloudEvent,
  type EventFilter,
} from './events.ts'
export { catalogedUri } from './calls/function-reference.ts'
export { graph, mermaid } from './graph.ts'
export type { Graph } from './graph/drawing.ts'
export { interpret } from './interpreter.ts'
export { invalid } from './schemas.ts'
export { isObject, type Json, type JsonObject } from './json.ts'
export type { LifecycleReport, TaskPlace } from './lifecycle.ts'
export { fault, problem, problemOf, WorkflowFault, type Problem, type StandardError } from './problem.ts'
export type { RunStart } from './run-start.ts'
export { Cancelled, Scope } from './scope.ts'
