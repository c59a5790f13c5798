import { enclosed } from './definition/enclosed.ts'
import type { EventFilterDefinition } from './definition/types.ts'
import type { EventFilter } from './events.ts'
import type { Frame } from './frame.ts'
import type { Json, JsonObject } from './json.ts'

/**
 * The filter as engines store it (dsl-reference.md, "Event Filter"): conditions stay text, with the arguments that
 * they mention captured as they are now; what a correlation expects is evaluated now.
 */
export function filterOf(frame: Frame, definition: EventFilterDefinition, place: string): EventFilter {
  const correlate = Object.entries(definition.correlate ?? {}).map(([key, { from, expect }]) => {
    const expected =
      expect === undefined ? {} : { expect: frame.fill(expect, `${place}/correlate/${key}/expect`) }
    return [key, { from, ...expected }] as const
  })
  const expressions = [
    ...conditionsIn(definition.with as JsonObject),
    ...correlate.map(([, { from }]) => from),
  ]
  return {
    with: definition.with as JsonObject,
    ...(correlate.length === 0 ? {} : { correlate: Object.fromEntries(correlate) }),
    variables: capture(frame, expressions),
  }
}

/** Takes every event. */
export const everyEvent: EventFilter = { with: {}, variables: {} }

/** The values of the arguments and local variables that the expressions mention, for use apart from the run. */
export function capture(frame: Frame, expressions: readonly string[]): JsonObject {
  const captured: JsonObject = {}
  for (const text of expressions) {
    const expression = frame.names.expression('task', text)
    for (const secret of expression.secrets) frame.requireSecret(secret)
    for (const name of expression.variables) captured[name] = frame.argument(name)
  }
  return captured
}

function conditionsIn(value: Json): string[] {
  if (typeof value === 'string') return enclosed(value) === undefined ? [] : [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(conditionsIn) : []
}
