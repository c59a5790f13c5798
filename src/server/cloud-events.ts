import { SluseError } from '../errors.ts'
import { isObject, type CloudEvent, type Json, type JsonObject } from '../workflow/index.ts'
import { readJson, readUtf8 } from './json-body.ts'

/** Most events of one batch: they are one transaction. */
const mostEvents = 10_000

interface Request {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
  readonly body: Uint8Array
  /** How deep JSON may nest. */
  readonly depth: number
}

/**
 * The events of a request, in any of the modes of the HTTP binding of CloudEvents 1.0 (3.1 binary, 3.2 structured,
 * 3.3 batched). All are valid, or it throws `SLUSE-EVENT-INVALID`, which says which one is not and why.
 */
export function readEvents({ headers, body, depth }: Request): CloudEvent[] {
  const contentType = first(headers['content-type'])
  const media = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (media === 'application/cloudevents-batch+json') {
    const events = readJson(body, depth)
    if (!Array.isArray(events)) throw invalid('A batch must be a list.')
    if (events.length > mostEvents) throw invalid(`A batch holds at most ${mostEvents} events.`)
    return events.map((event, index) => checked(event as Json, `Event ${index}: `))
  }
  if (media === 'application/cloudevents+json') return [checked(readJson(body, depth), '')]
  if (media.startsWith('application/cloudevents')) {
    throw new SluseError('SLUSE-REQUEST-TYPE', 'Of the event formats only JSON is taken.')
  }
  if (headers['ce-specversion'] === undefined) {
    throw invalid('It has neither ce- headers nor the type application/cloudevents+json.')
  }
  return [checked(binary(headers, media, contentType, body, depth), '')]
}

/** Binary mode: attributes are headers, the body is the data as `Content-Type` says. */
function binary(
  headers: Request['headers'],
  media: string,
  contentType: string | undefined,
  body: Uint8Array,
  depth: number,
): JsonObject {
  const attributes: [string, Json][] = []
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-')) attributes.push([name.slice(3), unescape(first(value) ?? '')])
  }
  if (contentType !== undefined) attributes.push(['datacontenttype', contentType])
  if (body.byteLength > 0) attributes.push(dataOf(media, body, depth))
  return Object.fromEntries(attributes)
}

function dataOf(media: string, body: Uint8Array, depth: number): [string, Json] {
  if (media === '' || /^[^/]+\/(?:[^;]*\+)?json$/.test(media)) return ['data', readJson(body, depth)]
  if (/^text\/|^[^/]+\/(?:[^;]*\+)?xml$/.test(media)) return ['data', readUtf8(body)]
  return ['data_base64', Buffer.from(body).toString('base64')]
}

/** Header values are percent-encoded (HTTP binding, 3.1.3.2). */
function unescape(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** The value as an event; see the CloudEvents specification, "Context Attributes", and its JSON format. */
function checked(event: Json, which: string): CloudEvent {
  const fail = (message: string) => invalid(which + message)
  if (!isObject(event)) throw fail('An event must be an object.')
  if (event.specversion !== '1.0') throw fail('`specversion` must be "1.0".')
  for (const name of ['id', 'source', 'type']) {
    if (typeof event[name] !== 'string' || event[name] === '') throw fail(`\`${name}\` must be a text.`)
  }
  const result = Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null)) as JsonObject
  if ('data' in event) result.data = event.data as Json
  for (const [name, value] of Object.entries(result)) {
    if (name === 'data') continue
    if (!/^[a-z0-9]+$/.test(name) && name !== 'data_base64') {
      throw fail(`${JSON.stringify(name.slice(0, 50))} is no name of an attribute: a-z and 0-9 only.`)
    }
    const problem = attributeProblem(name, value as Json)
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
      return (value as string).length > 1000 ? `\`${name}\` is longer than 1000 characters.` : undefined
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
      return isText && value.length <= 10_000
        ? undefined
        : '`subject` must be a text of at most 10,000 characters.'
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
  return typeof value === 'string' && value.length <= 2000 && !/[\s<>"{}|\\^`]/.test(value)
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

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}
