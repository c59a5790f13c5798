import { errorDefinition } from './error.ts'
import { taskOf } from './task-base.ts'
import { closed, either, reference } from './vocabulary.ts'

/** dsl-reference.md, "Raise". */
export const raiseTask = taskOf('Raise task', 'Raises an error.', {
  raise: closed('Raised error', 'What to raise.', {
    error: either('Error or its name', 'The error, or the name of one in `use`.', [
      errorDefinition,
      reference('errors', 'Name of an error in `use.errors`.'),
    ]),
  }),
})
