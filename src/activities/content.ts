import { fault, type Json } from '../workflow/index.ts'

/** `application/json; charset=utf-8` in its parts, lower case. */
export function mediaTypeOf(contentType: string | undefined): { type: string; charset: string | undefined } {
  const [type = '', ...parameters] = (contentType ?? '').split(';')
  const charset = parameters
    .map((each) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(each)?.[1])
    .find(Boolean)
  return { type: type.trim().toLowerCase(), charset: charset?.toLowerCase() }
}

export const isJsonType = (type: string): boolean => /^(application|text)\/json$|\+json$/.test(type)

/** Types whose content is text: all of `text/`, and what is text by its definition or says its charset. */
export const isTextType = (type: string, charset?: string): boolean =>
  /^text\/|\+xml$|\+yaml$/.test(type) ||
  charset !== undefined ||
  [
    'application/xml',
    'application/yaml',
    'application/x-yaml',
    'application/x-ndjson',
    'application/x-www-form-urlencoded',
  ].includes(type)

/**
 * The text that `bytes` are in the given charset (default UTF-8). Bytes that are none are a fault and never
 * replaced: a name with its letters lost must not go on into a register.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined, what: string): string {
  const decoder = decoderFor(charset ?? 'utf-8')
  if (!decoder) {
    throw fault('communication', `${what} is in the charset ${JSON.stringify(charset)}, which is not known.`)
  }
  try {
    return decoder.decode(bytes)
  } catch {
    throw fault('communication', `${what} is not text in ${decoder.encoding}, though it says so.`)
  }
}

function decoderFor(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true })
  } catch {
    return undefined
  }
}

/** JSON as RFC 8259 has it; nothing at all is `null`. */
export function decodeJson(bytes: Uint8Array, charset: string | undefined, what: string): Json {
  const text = decodeText(bytes, charset, what)
  if (text.trim() === '') return null
  try {
    return JSON.parse(text) as Json
  } catch {
    throw fault('communication', `${what} is not JSON, though it says so.`)
  }
}
