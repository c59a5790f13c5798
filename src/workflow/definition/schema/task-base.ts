import { Type, type Static, type TObject, type TProperties } from 'typebox'
import { exportDefinition, input, output } from './data.ts'
import { directive } from './flow.ts'
import { timeoutOrName } from './timeout.ts'
import { closed, expression, freeMap } from './vocabulary.ts'

/** dsl-reference.md, "Task": what every task may have. */
export const taskBase = {
  if: Type.Optional(expression('Whether to run the task; otherwise it is skipped.', { 'x-stage': 'if' })),
  input: Type.Optional(input),
  output: Type.Optional(output),
  export: Type.Optional(exportDefinition),
  timeout: Type.Optional(timeoutOrName),
  then: Type.Optional(directive('Where to go on: `continue`, `exit`, `end`, or a task of the same list.')),
  metadata: Type.Optional(freeMap('Anything else to know about the task.')),
}

/** A task type: its own keys and those of every task, and no others. */
export function taskOf<P extends TProperties>(
  title: string,
  description: string,
  properties: P,
  options: object = {},
): TObject<P & typeof taskBase> {
  return closed(
    title,
    description,
    { ...properties, ...taskBase, ...properties },
    { 'x-stage': 'task', ...options },
  )
}

export type TaskBase = Static<TObject<typeof taskBase>>
