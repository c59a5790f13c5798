import { errorDefinition } from './error.ts'
import { taskOf } from './task-base.ts'
import { closed, either, reference } from './vocabulary.ts'

/** dsl-reference.md, "Raise". */
export const raiseTask = taskOf('Raise', 'Raises an error.', {
  raise: closed('Raise', 'What to raise.', {
    error: either('Error', 'The error, or the name of one in `use`.', [
      errorDefinition,
      reference('errors', 'Name of an error in `use.errors`.'),
    ]),
  }),
})
