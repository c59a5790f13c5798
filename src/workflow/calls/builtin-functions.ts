import type { BuiltinFunctionName } from '../definition/types.ts'
import type { Frame } from '../frame.ts'
import type { JsonObject } from '../json.ts'
import type { Json } from '../json.ts'
import { approve } from './approve.ts'

/**
 * Performs a call of a function that comes with Sluse, in the frame of the calling task: `given` is its `with`, the
 * expressions evaluated. It asks the world through the frame only, so that it is durable as any task.
 */
export type BuiltinFunction = (frame: Frame, given: JsonObject) => Promise<Json>

const builtinFunctions: { readonly [name in BuiltinFunctionName]: BuiltinFunction } = {
  'approve:1.0.0@default': approve,
  'transfer:1.0.0@default': (frame, given) => frame.activity({ kind: 'transfer', input: given }),
}

/** A project's own function of that name and version does not come before it. */
export function builtinFunction(call: string): BuiltinFunction | undefined {
  return Object.hasOwn(builtinFunctions, call) ? builtinFunctions[call as BuiltinFunctionName] : undefined
}
