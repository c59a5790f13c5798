import { SluseError } from '../errors.ts'
import { isObject, longestAttributes as longest, type CloudEvent, type Json } from '../workflow/index.ts'

/**
 * The value as an event; see the CloudEvents specification, "Context Attributes", and its JSON format. Throws
 * `SLUSE-EVENT-INVALID`; `which` comes before what is wrong.
 */
export function checkEvent(event: Json, which = ''): CloudEvent {
  const fail = (message: string) => invalid(which + message)
  if (!isObject(event)) throw fail('An event must be an object.')
  if (event.specversion !== '1.0') throw fail('`specversion` must be "1.0".')
  for (const name of ['id', 'source', 'type']) {
    if (typeof event[name] !== 'string' || event[name] === '') throw fail(`\`${name}\` must be a text.`)
  }
  const result = Object.fromEntries<Json>(Object.entries(event).filter(([, value]) => value !== null))
  if ('data' in event) result.data = event.data
  for (const [name, value] of Object.entries(result)) {
    if (name === 'data') continue
    if (!/^[a-z0-9]+$/.test(name) && name !== 'data_base64') {
      throw fail(`${JSON.stringify(name.slice(0, 50))} is no name of an attribute: a-z and 0-9 only.`)
    }
    const problem = attributeProblem(name, value)
    if (problem) throw fail(problem)
  }
  if (result.data !== undefined && result.data_base64 !== undefined) {
    throw fail('`data` and `data_base64` exclude one another.')
  }
  return result as CloudEvent
}

function attributeProblem(name: string, value: Json): string | undefined {
  const isText = typeof value === 'string' && value !== ''
  switch (name) {
    case 'id':
    case 'type':
      return (value as string).length > longest[name]
        ? `\`${name}\` is longer than ${longest[name]} characters.`
        : undefined
    case 'source':
      return isReference(value) ? undefined : '`source` must be a URI reference.'
    case 'time':
      return isText && isTime(value) ? undefined : '`time` must be a time as RFC 3339 has it.'
    case 'dataschema':
      return isText && URL.canParse(value) ? undefined : '`dataschema` must be a URI.'
    case 'datacontenttype':
      return isText && /^[^\s/]+\/[^\s;]+(?:\s*;.*)?$/.test(value)
        ? undefined
        : '`datacontenttype` must be a media type.'
    case 'subject':
      return isText && value.length <= longest.subject
        ? undefined
        : `\`subject\` must be a text of at most ${longest.subject.toLocaleString('en')} characters.`
    case 'data_base64':
      return typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0
        ? undefined
        : '`data_base64` must be base64.'
    default:
      return typeof value === 'object' ? `\`${name}\` must be a text, a number or a boolean.` : undefined
  }
}

function isReference(value: Json): boolean {
  // No URL parser takes every reference; what none can be is white space, and more than can be meant.
  return typeof value === 'string' && value.length <= longest.source && !/[\s<>"{}|\\^`]/.test(value)
}

function isTime(value: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  )
}

function invalid(detail: string): SluseError {
  return new SluseError('SLUSE-EVENT-INVALID', detail)
}

/** One event from its JSON text. */
export function readEvent(text: string, which = ''): CloudEvent {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    throw invalid(`${which}It is not valid JSON.`)
  }
  return checkEvent(value, which)
}
