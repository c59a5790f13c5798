/**
 * Business logic in any language: functions of the catalog, called from workflows and as steps of transfers. What a
 * `function.yaml` says is read here; how functions are run is one folder each in `runners/`.
 */
export type { FunctionContext, FunctionReference, Functions, FunctionTask, Outcome } from './port.ts'
export { openFunctions, type FunctionOptions } from './open-functions.ts'
export { builtInLimits, type FunctionLimits } from './limits.ts'
export { isContract, readContract, type Contract } from './contract.ts'
export { traceIdOf, traceparentOf } from './trace.ts'
export { describeFunction, type FunctionDescription } from './describe.ts'
