import { Type, type Static } from 'typebox'
import { emittedEvent } from './events.ts'
import { taskOf } from './task-base.ts'
import { closed, lenient } from './vocabulary.ts'

/** dsl-reference.md, "Emit". */
export const emitTask = taskOf('Emit task', 'Publishes an event.', {
  emit: closed('Emission', 'What to publish.', {
    event: lenient('Event', 'The event.', { with: Type.Optional(emittedEvent) }),
  }),
})

export type EmittedEvent = Static<typeof emittedEvent>
