import { Type, type Static } from 'typebox'
import { errorFilter } from './error.ts'
import { directive } from './flow.ts'
import { retryPolicy } from './retry.ts'
import { taskOf } from './task-base.ts'
import { taskList } from './tasks.ts'
import { closed, either, expression, lenient, reference, variable } from './vocabulary.ts'

const catchDefinition = closed(
  'Catch',
  'Which errors to catch, and what to do then; empty catches all.',
  {
    errors: Type.Optional(lenient('Errors', 'Which errors to catch.', { with: Type.Optional(errorFilter) })),
    as: Type.Optional(variable('Variable that holds the error.', 'error')),
    when: Type.Optional(expression('Catch only where this holds of the error.')),
    exceptWhen: Type.Optional(expression('Do not catch where this holds of the error.')),
    retry: Type.Optional(
      either('Retry policy or its name', 'When to try again, or the name of a retry policy in `use`.', [
        retryPolicy,
        reference('retries', 'Name of a retry policy in `use.retries`.'),
      ]),
    ),
    do: Type.Optional(taskList('The tasks to perform once an error is caught.')),
    then: Type.Optional(directive('Where to go on after an error was caught.')),
  },
  { 'x-binds': { variables: { as: 'error' } } },
)

/** dsl-reference.md, "Try". */
export const tryTask = taskOf('Try task', 'Performs tasks and handles their errors.', {
  try: taskList('The tasks to try.'),
  catch: catchDefinition,
})

export type Catch = Static<typeof catchDefinition>
