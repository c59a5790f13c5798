import { type Json, type JsonObject } from '../../workflow/index.ts'
import { isJsonType, mediaTypeOf } from '../content.ts'
import { encodeBody } from '../http-body.ts'
import { shown } from '../input.ts'
import { locate } from './parameters.ts'

/** A message to publish. */
export interface Outgoing {
  readonly payload: Json | undefined
  readonly headers: { readonly [name: string]: string }
  /** Where the document says in which place of the message it is. */
  readonly correlationId: string | undefined
}

/** A message as it came. */
export interface Received {
  readonly payload: Uint8Array
  readonly headers: { readonly [name: string]: string }
  readonly contentType?: string | undefined
  readonly correlationId?: string | undefined
}

export function encodePayload(
  payload: Json | undefined,
  contentType: string | undefined,
): { body: Buffer; contentType: string } {
  const { body, contentType: type } = encodeBody(payload ?? null, contentType ?? 'application/json')
  return { body: Buffer.from(body), contentType: type }
}

/**
 * dsl-reference.md, "AsyncAPI Inbound Message". JSON is parsed where the message says that it is, or says nothing.
 * What is no JSON is text, what is no text Base64: whoever sent it may be nobody whom a pipeline can correct.
 */
export function inbound(
  received: Received,
  usualType: string | undefined,
  correlation: string | undefined,
): JsonObject {
  const payload = decodePayload(received.payload, received.contentType ?? usualType)
  const headers: JsonObject = { ...received.headers }
  const found = correlation === undefined ? undefined : locate(correlation, { header: headers, payload })
  const id = found ?? received.correlationId
  return { payload, headers, ...(id === undefined || id === null ? {} : { correlationId: shown(id) }) }
}

function decodePayload(bytes: Uint8Array, contentType: string | undefined): Json {
  if (bytes.length === 0) return null
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('base64')
  }
  if (contentType !== undefined && !isJsonType(mediaTypeOf(contentType).type)) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
