import { isoTime } from '../date-time.ts'
import type { EmitTask, EmittedEvent } from '../definition/types.ts'
import { uriOf } from '../endpoints.ts'
import { longestAttributes } from '../events.ts'
import type { Frame } from '../frame.ts'
import { isObject, put, type Json, type JsonObject } from '../json.ts'
import { fault } from '../problem.ts'

/**
 * dsl-reference.md, "Emit": publishes a CloudEvent and puts it out. What the author leaves out is generated:
 * `id`, `time`, and `source` as `/{namespace}/{name}/{version}`. An attribute that evaluates to null is left out.
 */
export async function emitTask(frame: Frame): Promise<Json> {
  const attributes: Partial<EmittedEvent> = (frame.node.task as EmitTask).emit.event.with ?? {}
  const filled = frame.fill(attributes, '/emit/event/with')
  if (!isObject(filled)) throw fault('validation', 'The attributes of an event must be a map.')
  const { namespace, name, version } = frame.run.program.workflow.document
  const event: JsonObject = {
    specversion: '1.0',
    id: filled.id ?? frame.run.context.uuid(`${frame.key}/id`),
    source: `/${namespace}/${name}/${version}`,
    time: isoTime(frame.run.context.now()),
  }
  for (const [attribute, value] of Object.entries(filled)) {
    if (value !== null || attribute === 'data') put(event, attribute, attributeOf(attribute, value))
  }
  for (const attribute of ['source', 'dataschema'] as const) {
    const uri = attributes[attribute]
    if (uri !== undefined && filled[attribute] !== null)
      event[attribute] = uriOf(frame, uri, `/emit/event/with/${attribute}`)
  }
  if (typeof event.type !== 'string' || event.type === '') throw fault('validation', 'An event needs a type.')
  if (typeof event.id !== 'string' || event.id === '')
    throw fault('validation', 'The id of an event must be a text.')
  for (const [attribute, most] of Object.entries(longestAttributes))
    if (String(event[attribute] ?? '').length > most)
      throw fault('validation', `The attribute '${attribute}' of an event is longer than ${most} characters.`)
  return frame.activity({ kind: 'emit', input: event })
}

/** Context attributes are strings, numbers or booleans (CloudEvents 1.0, "Type System"); only data may be anything. */
function attributeOf(name: string, value: Json): Json {
  if (name === 'data') return value
  if (typeof value === 'object')
    throw fault('validation', `The attribute '${name}' of an event cannot be an object or array.`)
  return name === 'id' || name === 'subject' || name === 'type' ? String(value) : value
}
