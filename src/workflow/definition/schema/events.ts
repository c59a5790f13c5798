import { Type, type Static } from 'typebox'
import type { Json } from '../../json.ts'
import { uri } from './uri.ts'
import {
  anyData,
  closed,
  either,
  exactlyOne,
  expression,
  lenient,
  mapOf,
  oneWord,
  text,
} from './vocabulary.ts'

const time = Type.String({
  description: 'When it happened: RFC 3339, or an expression.',
  pattern:
    '^\\s*\\$\\{[\\s\\S]+\\}\\s*$|^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[Tt\\s]([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?([Zz]|[+-]\\d\\d(:?\\d\\d)?)$',
  'x-form': 'a date and time with zone such as 2026-01-31T12:00:00Z, or an expression in ${ }',
  'x-role': 'template',
})

/** dsl-reference.md, "Event Properties": CloudEvents 1.0 attributes; extension attributes are allowed. */
const attributes = {
  id: Type.Optional(text('Identifies the event at its source.')),
  source: Type.Optional(uri('Where it happened.')),
  type: Type.Optional(text('What kind of event it is.')),
  time: Type.Optional(time),
  subject: Type.Optional(text('What it is about, at its source.')),
  datacontenttype: Type.Optional(text('Media type of the data.')),
  dataschema: Type.Optional(uri('Where the schema of the data lies.')),
  data: Type.Optional(anyData('The data.')),
}

const extensions = { additionalProperties: anyData('An extension attribute.') }

/** Type.Object does not know of the extension attributes, so the type is widened by hand. */
type Attributes = Static<ReturnType<typeof Type.Object<typeof attributes>>>
type Extended<T> = T & { [extension: string]: Json | undefined }

/** The event to emit; what is missing (`id`, `source`, `time`) is generated. */
export const emittedEvent = Type.Unsafe<Extended<Attributes & { type: string }>>(
  Type.Object(
    { ...attributes, type: text('What kind of event it is.') },
    { title: 'Event attributes', description: 'Attributes of the event.', ...extensions },
  ),
)

const filterAttributes = Type.Unsafe<Extended<Attributes>>(
  Type.Object(attributes, {
    title: 'Attributes to match',
    description: 'All of these must match: a value, a regular expression, or an expression in ${ }.',
    minProperties: 1,
    ...extensions,
  }),
)

/** dsl-reference.md, "Event Filter". */
export const eventFilter = closed('Event filter', 'Which events count.', {
  with: filterAttributes,
  correlate: Type.Optional(
    mapOf(
      'Correlations',
      'Values by which events belong together.',
      lenient('Correlation', 'A value of the event, and what it must be.', {
        from: expression('Finds the value in the event.'),
        expect: Type.Optional(text('What it must be; without it, what the first event has.')),
      }),
    ),
  ),
})

const one = eventFilter
const several = (description: string) => Type.Array(eventFilter, { description })

const strategyWithoutUntil = exactlyOne('Events without until', 'Which events to wait for.', {
  one,
  all: several('One event for each of these.'),
  any: several('An event for any of these; an empty list takes every event.'),
})

/** dsl-reference.md, "Event Consumption Strategy": `until` goes with `any` only. */
export const eventConsumptionStrategy = exactlyOne(
  'Events',
  'Which events to wait for: exactly one of `one`, `all` and `any`.',
  {
    one,
    all: several('One event for each of these.'),
    any: several('An event for any of these; an empty list takes every event.'),
  },
  {
    until: Type.Optional(
      either('Until', 'How long to go on: a condition, or events that end it.', [
        expression('Evaluated after each event, on all events so far.', { title: 'Condition' }),
        strategyWithoutUntil,
      ]),
    ),
  },
  { dependentRequired: { until: ['any'] } },
)

export const readAs = oneWord('What is read of an event.', ['data', 'envelope', 'raw'], 'data')

export type EventFilterDefinition = Static<typeof eventFilter>
export type EventConsumptionStrategy = Static<typeof eventConsumptionStrategy>
