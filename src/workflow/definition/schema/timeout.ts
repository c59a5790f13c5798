import type { Static } from 'typebox'
import { duration } from './duration.ts'
import { closed, either, reference } from './vocabulary.ts'

export const timeout = closed('Timeout', 'Interrupts what takes longer.', { after: duration })

export const timeoutOrName = either(
  'Timeout or its name',
  'How long it may take, or the name of a timeout in `use`.',
  [timeout, reference('timeouts', 'Name of a timeout in `use.timeouts`.')],
)

export type Timeout = Static<typeof timeout>
