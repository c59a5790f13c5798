import { Type, type Static } from 'typebox'
import { exportDefinition, output } from './data.ts'
import { taskList } from './tasks.ts'
import { closed, variable } from './vocabulary.ts'

/** dsl-reference.md, "Subscription Iterator". */
export const subscriptionIterator = closed(
  'For each',
  'What to do with each event or message, one by one.',
  {
    item: Type.Optional(variable('Variable that holds the item.', 'item')),
    at: Type.Optional(variable('Variable that holds its index, from 0.', 'index')),
    do: Type.Optional(taskList('The tasks for each item.')),
    output: Type.Optional(output),
    export: Type.Optional(exportDefinition),
  },
  { 'x-binds': { variables: { item: 'item', at: 'index' } } },
)

export type SubscriptionIterator = Static<typeof subscriptionIterator>
