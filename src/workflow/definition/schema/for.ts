import { Type } from 'typebox'
import type { JsonObject } from '../../json.ts'
import { taskOf } from './task-base.ts'
import { taskList } from './tasks.ts'
import { closed, either, expression, freeMap, variable } from './vocabulary.ts'

/** dsl-reference.md, "For". */
export const forTask = taskOf(
  'For task',
  'Performs tasks for each item of a collection.',
  {
    for: closed('Loop', 'The collection and the variables.', {
      each: Type.Optional(variable('Variable that holds the item.', 'item')),
      in: either('Collection', 'The collection.', [
        expression('Yields the collection.', { title: 'Expression' }),
        Type.Unsafe<JsonObject[]>({
          type: 'array',
          title: 'Items',
          description: 'The collection, here.',
          items: { type: 'object', additionalProperties: true },
          'x-role': 'template',
        }),
      ]),
      at: Type.Optional(variable('Variable that holds the index, from 0.', 'index')),
    }),
    while: Type.Optional(expression('Must hold for the next iteration to happen.')),
    do: taskList('The tasks for each item; the output of one iteration is the input of the next.'),
    metadata: Type.Optional(
      freeMap('Anything else to know about the task.', {
        concurrency: Type.Optional(
          Type.Integer({
            description: 'How many iterations run at the same time.',
            minimum: 1,
            maximum: 1000,
            default: 1,
          }),
        ),
      }),
    ),
  },
  { 'x-binds': { variables: { 'for/each': 'item', 'for/at': 'index' }, within: ['while', 'do'] } },
)
