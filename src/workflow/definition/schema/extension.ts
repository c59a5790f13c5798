import { Type, type Static } from 'typebox'
import { taskList } from './tasks.ts'
import { closed, expression, mapOf, oneWord } from './vocabulary.ts'

/** dsl-reference.md, "Extension". */
export const extension = closed(
  'Extension',
  'Tasks to perform before or after other tasks.',
  {
    extend: oneWord('Which type of task to extend.', [
      'call',
      'composite',
      'emit',
      'for',
      'listen',
      'raise',
      'run',
      'set',
      'switch',
      'try',
      'wait',
      'all',
    ]),
    when: Type.Optional(
      expression('Extend only where this holds; `$task` is the extended task.', { 'x-stage': 'if' }),
    ),
    before: Type.Optional(taskList('The tasks to perform before it.')),
    after: Type.Optional(taskList('The tasks to perform after it.')),
  },
  { 'x-variables': 'none' },
)

export const extensionItem = mapOf('Extension', 'One extension, by name.', extension, {
  minProperties: 1,
  maxProperties: 1,
})

export type Extension = Static<typeof extension>
