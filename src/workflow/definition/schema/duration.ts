import { Type, type Static } from 'typebox'
import { closed, either } from './vocabulary.ts'

const amount = (unit: string) =>
  Type.Optional(Type.Integer({ description: `Number of ${unit}.`, minimum: 0 }))

const isoDuration =
  '^\\s*\\$\\{[\\s\\S]+\\}\\s*$|^P(?!$)(\\d+(?:\\.\\d+)?Y)?(\\d+(?:\\.\\d+)?M)?(\\d+(?:\\.\\d+)?W)?(\\d+(?:\\.\\d+)?D)?' +
  '(T(?=\\d)(\\d+(?:\\.\\d+)?H)?(\\d+(?:\\.\\d+)?M)?(\\d+(?:\\.\\d+)?S)?)?$'

/** dsl-reference.md, "Duration": the parts of the object add up. */
export const duration = either('Duration', 'A length of time, by its parts or as ISO 8601.', [
  closed(
    'Duration in parts',
    'The parts add up; at least one is needed.',
    {
      days: amount('days'),
      hours: amount('hours'),
      minutes: amount('minutes'),
      seconds: amount('seconds'),
      milliseconds: amount('milliseconds'),
    },
    { minProperties: 1 },
  ),
  Type.String({
    title: 'ISO 8601 duration',
    description: 'For example PT15M or P1DT12H, or an expression that yields such a string.',
    examples: ['PT30S', 'P1D'],
    pattern: isoDuration,
    'x-role': 'duration',
  }),
])

export type Duration = Static<typeof duration>
