import { checkEvent } from '../app.ts'
import { SluseError } from '../errors.ts'
import type { CloudEvent, Json, JsonObject } from '../workflow/index.ts'
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
    return events.map((event, index) => checkEvent(event, `Event ${index}: `))
  }
  if (media === 'application/cloudevents+json') return [checkEvent(readJson(body, depth), '')]
  if (media.startsWith('application/cloudevents')) {
    throw new SluseError('SLUSE-REQUEST-TYPE', 'Of the event formats only JSON is taken.')
  }
  if (headers['ce-specversion'] === undefined) {
    throw invalid('It has neither ce- headers nor the type application/cloudevents+json.')
  }
  return [checkEvent(binary(headers, media, contentType, body, depth), '')]
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

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}

function invalid(detail: string): SluseError {
  return new SluseError('SLUSE-EVENT-INVALID', detail)
}
