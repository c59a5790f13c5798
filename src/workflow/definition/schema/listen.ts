import { Type } from 'typebox'
import { eventConsumptionStrategy, readAs } from './events.ts'
import { subscriptionIterator } from './iterator.ts'
import { taskOf } from './task-base.ts'
import { closed } from './vocabulary.ts'

/** dsl-reference.md, "Listen": the output is always an array. */
export const listenTask = taskOf('Listen task', 'Waits for events.', {
  listen: closed('Listener', 'What to wait for.', {
    to: eventConsumptionStrategy,
    read: Type.Optional(readAs),
  }),
  foreach: Type.Optional(subscriptionIterator),
})
