/** `invoke`: a function that says by which protocol it is spoken to (`src/functions`). */
import type { FunctionReference, Functions } from '../../functions/index.ts'
import { fault, isObject, type Json } from '../../workflow/index.ts'
import type { Activity } from '../activity.ts'
import { objectInput, optionalObject, optionalText, textOf } from '../input.ts'

export const invoke = (functions: Functions): Activity => ({
  name: 'invoke',
  run(given, context) {
    const input = objectInput(given, 'invoke')
    const { definition } = input
    if (!isObject(definition)) throw fault('configuration', 'A call of a function lacks its definition.')
    const reference = referenceOf(optionalObject(input, 'reference'))
    const address = optionalText(input, 'address')
    const task = { definition, ...(reference && { reference }), ...(address !== undefined && { address }) }
    return functions.invoke(task, input['input'] ?? null, context)
  },
})

function referenceOf(given: { [key: string]: Json } | undefined): FunctionReference | undefined {
  if (!given) return undefined
  return { name: textOf(given, 'name'), version: textOf(given, 'version'), catalog: textOf(given, 'catalog') }
}
