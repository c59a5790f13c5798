import { Type, type Static } from 'typebox'
import { duration } from './duration.ts'
import { eventConsumptionStrategy, readAs } from './events.ts'
import { exactlyOne, literal } from './vocabulary.ts'

/** dsl-reference.md, "Schedule": exactly one of the four. */
export const schedule = exactlyOne(
  'Schedule',
  'When to run: exactly one of `every`, `cron`, `after` and `on`.',
  {
    every: duration,
    cron: literal('Minute, hour, day of month, month, day of week.', {
      examples: ['0 6 * * 1-5'],
      'x-role': 'cron',
    }),
    after: duration,
    on: eventConsumptionStrategy,
  },
  { read: Type.Optional(readAs) },
  { dependentRequired: { read: ['on'] }, 'x-stage': 'schedule', 'x-feature': 'schedule' },
)

export type Schedule = Static<typeof schedule>
