import { randomUUID } from 'node:crypto'
import { fault, isObject, type Json } from '../workflow/index.ts'
import { isJsonType, mediaTypeOf } from './content.ts'

export interface EncodedBody {
  body: string | Uint8Array
  /** The whole `Content-Type` to send. */
  contentType: string
}

/**
 * Encodes a body by the content type that the call gives, if any.
 * Without one: a string is text, everything else JSON. A string goes out as it is under any type; for a type that
 * is neither JSON, form nor multipart it must be one.
 */
export function encodeBody(value: Json, contentType: string | undefined): EncodedBody {
  if (contentType === undefined) {
    return typeof value === 'string'
      ? { body: value, contentType: 'text/plain; charset=utf-8' }
      : { body: JSON.stringify(value), contentType: 'application/json' }
  }
  const { type, charset } = mediaTypeOf(contentType)
  if (type === 'multipart/form-data' && isObject(value)) {
    return encodeMultipart(Object.entries(value).flatMap(([name, each]) => multipartParts(name, each)))
  }
  if (typeof value === 'string') return { body: encodeText(value, charset), contentType }
  if (isJsonType(type)) return { body: JSON.stringify(value), contentType }
  if (type === 'application/x-www-form-urlencoded' && isObject(value))
    return { body: encodeForm(value), contentType }
  throw fault('validation', `A body that is not a text cannot be sent as ${type}: give it as a string.`)
}

function encodeText(text: string, charset: string | undefined): string | Uint8Array {
  if (charset === undefined || /^utf-?8$/.test(charset)) return text
  if (/^(iso-8859-1|latin1|windows-1252|us-ascii)$/.test(charset)) {
    // What is the same in all of them: beyond it they differ, and Node writes only Latin-1.
    const common = charset === 'us-ascii' ? /^[\x00-\x7f]*$/ : /^[\x00-\x7f\xa0-\xff]*$/
    if (common.test(text)) return Buffer.from(text, 'latin1')
    throw fault('validation', `The body holds a character that ${charset} does not have.`)
  }
  throw fault('configuration', `A body cannot be sent in the charset ${charset}: use utf-8 or iso-8859-1.`)
}

/** Form fields (URL Standard): a list is repeated, `null` is left out, an object goes as JSON. */
export function encodeForm(fields: { [name: string]: Json }): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null) form.append(name, typeof each === 'object' ? JSON.stringify(each) : String(each))
    }
  }
  return form.toString()
}

export interface Part {
  name: string
  value: string | Uint8Array
  filename?: string
  contentType?: string
}

/** A field of a multipart body: a list is repeated; `{ filename, content, contentType? }` is a file, `content` Base64. */
export function multipartParts(name: string, value: Json): Part[] {
  if (value === null) return []
  if (Array.isArray(value)) return value.flatMap((each) => multipartParts(name, each))
  if (!isObject(value)) return [{ name, value: String(value) }]
  const { filename, content, contentType } = value
  if (typeof filename === 'string' && typeof content === 'string') {
    return [
      {
        name,
        filename,
        value: base64(content, name),
        contentType: typeof contentType === 'string' ? contentType : 'application/octet-stream',
      },
    ]
  }
  return [{ name, value: JSON.stringify(value), contentType: 'application/json' }]
}

export function base64(text: string, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64').replace(/=+$/, '') === text.replace(/[\s=]+/g, '')) return bytes
  throw fault('validation', `'${what}' is not Base64.`)
}

/** RFC 7578. */
export function encodeMultipart(parts: readonly Part[]): EncodedBody {
  const boundary = `sluse-${randomUUID()}`
  const chunks: Uint8Array[] = []
  for (const { name, value, filename, contentType } of parts) {
    const file = filename === undefined ? '' : `; filename="${parameter(filename)}"`
    const type = contentType === undefined ? '' : `\r\nContent-Type: ${oneLine(contentType)}`
    chunks.push(
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${parameter(name)}"${file}${type}\r\n\r\n`,
      ),
      typeof value === 'string' ? Buffer.from(value) : value,
      Buffer.from('\r\n'),
    )
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`))
  return { body: Buffer.concat(chunks), contentType: `multipart/form-data; boundary=${boundary}` }
}

/** As browsers escape (HTML, "multipart/form-data encoding algorithm"), so that no name breaks out of its line. */
const parameter = (text: string) => text.replaceAll('"', '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A')

const oneLine = (text: string) => text.replace(/[\r\n]/g, ' ')
