import { Type } from 'typebox'
import { taskOf } from './task-base.ts'
import { taskList } from './tasks.ts'
import { closed } from './vocabulary.ts'

/** dsl-reference.md, "Fork". */
export const forkTask = taskOf('Fork task', 'Performs tasks at the same time.', {
  fork: closed('Branches', 'The branches.', {
    branches: taskList('The tasks to perform at the same time.'),
    compete: Type.Optional(
      Type.Boolean({
        description: 'The first branch to succeed wins, and its output counts.',
        default: false,
      }),
    ),
  }),
})
