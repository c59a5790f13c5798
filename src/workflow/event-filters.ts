import { enclosed } from './definition/enclosed.ts'
import type { EventFilterDefinition } from './definition/types.ts'
import { constant, type EventFilter } from './events.ts'
import type { Frame } from './frame.ts'
import { put, type Json, type JsonObject } from './json.ts'
import { problemOf, standardErrors } from './problem.ts'

/**
 * The filter as engines store it (dsl-reference.md, "Event Filter"): conditions stay text, with the arguments that
 * they mention captured as they are now; what a correlation expects is evaluated now.
 *
 * The specification says neither what `.` is in `with`, nor whether an expression decides or gives the value. So: an
 * attribute whose expression gives a text or number on the task's input must equal that (`subject: ${ .orderId }`);
 * any other is a condition on the event's own value (`subject: ${ startswith("a") }`), and on `data` all are.
 */
export function filterOf(frame: Frame, definition: EventFilterDefinition, place: string): EventFilter {
  const attributes: JsonObject = {}
  for (const [name, value] of Object.entries(definition.with as JsonObject)) {
    put(
      attributes,
      name,
      name === 'data' ? value : (constantOf(frame, value, `${place}/with/${name}`) ?? value),
    )
  }
  const correlate = Object.entries(definition.correlate ?? {}).map(([key, { from, expect }]) => {
    const expected =
      expect === undefined ? {} : { expect: frame.fill(expect, `${place}/correlate/${key}/expect`) }
    return [key, { from, ...expected }] as const
  })
  const expressions = [...conditionsIn(attributes), ...correlate.map(([, { from }]) => from)]
  return {
    with: attributes,
    ...(correlate.length === 0 ? {} : { correlate: Object.fromEntries(correlate) }),
    variables: capture(frame, expressions),
  }
}

/** As an expression again: what comes from data is never taken as a regular expression. */
function constantOf(frame: Frame, attribute: Json, place: string): string | undefined {
  if (typeof attribute !== 'string' || enclosed(attribute) === undefined) return undefined
  try {
    const value = frame.evaluate(attribute, frame.input, place)
    return typeof value === 'string' || typeof value === 'number' ? constant(value) : undefined
  } catch (error) {
    if (problemOf(error)?.status === standardErrors.authorization.status) throw error
    return undefined
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
