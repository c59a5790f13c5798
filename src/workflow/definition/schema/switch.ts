import { Type, type Static } from 'typebox'
import { directive } from './flow.ts'
import { taskOf } from './task-base.ts'
import { closed, expression, mapOf } from './vocabulary.ts'

const switchCase = closed('Case', 'A condition, and where to go on.', {
  when: Type.Optional(expression('The condition; without it this is the default case.')),
  then: directive('Where to go on: `continue`, `exit`, `end`, or a task of the same list.'),
})

/** dsl-reference.md, "Switch". */
export const switchTask = taskOf('Switch task', 'Goes on where the first case that matches says.', {
  switch: Type.Array(
    mapOf('Case', 'One case, by name.', switchCase, { minProperties: 1, maxProperties: 1 }),
    { description: 'The cases, in order.', minItems: 1 },
  ),
})

export type SwitchCase = Static<typeof switchCase>
