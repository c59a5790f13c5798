import { Type } from 'typebox'
import { approveArguments } from './approve.ts'
import { taskOf } from './task-base.ts'
import { transferArguments } from './transfer.ts'

/**
 * The functions of the default catalog that come with Sluse, by the reference with which a task calls them: what
 * `with` takes, for checks, editors and the reference page. How each is performed stands in
 * `workflow/calls/builtin-functions.ts`; one without the other does not compile.
 */
export const builtinFunctionTasks = {
  'approve:1.0.0@default': taskOf('Call approve', 'Asks people, and waits until they have decided.', {
    call: Type.Literal('approve:1.0.0@default'),
    with: approveArguments,
  }),
  'transfer:1.0.0@default': taskOf(
    'Call transfer',
    'Moves records from one source through steps to one or many targets.',
    { call: Type.Literal('transfer:1.0.0@default'), with: transferArguments },
  ),
} as const

export type BuiltinFunctionName = keyof typeof builtinFunctionTasks
