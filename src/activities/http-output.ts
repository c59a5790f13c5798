import type { HttpResponse } from '../http/index.ts'
import { fault, type Json } from '../workflow/index.ts'
import { decodeJson, decodeText, isJsonType, isTextType, mediaTypeOf } from './content.ts'

/** dsl-reference.md, "HTTP Call", `output`. */
export type OutputFormat = 'content' | 'raw' | 'response'

export function outputFormat(value: Json | undefined): OutputFormat {
  if (value === undefined || value === null) return 'content'
  if (value === 'content' || value === 'raw' || value === 'response') return value
  throw fault('configuration', `'output' is ${JSON.stringify(value)}, not one of content, raw, response.`)
}

/** What a call gives for an answer (dsl-reference.md, "HTTP Response"). `content`, where given, stands for the body. */
export function httpOutput(answer: HttpResponse, format: OutputFormat, content?: Json): Json {
  switch (format) {
    case 'raw':
      return content ?? Buffer.from(answer.body).toString('base64')
    case 'content':
      return content ?? contentOf(answer)
    case 'response':
      return {
        request: answer.request,
        statusCode: answer.status,
        headers: { ...answer.headers },
        content: content ?? contentOf(answer),
      }
  }
}

/**
 * JSON is parsed, text is a string, everything else is Base64; no body at all is `null`. (The specification's
 * list of types is missing: this is our reading.)
 */
function contentOf(answer: HttpResponse): Json {
  const { type, charset } = mediaTypeOf(answer.headers['content-type'])
  const what = `The answer of ${new URL(answer.request.uri).host} (${answer.status}, ${type || 'no content type'})`
  if (isJsonType(type)) return decodeJson(answer.body, charset, what)
  if (answer.body.length === 0) return type.startsWith('text/') && answer.status !== 204 ? '' : null
  return isTextType(type, charset)
    ? decodeText(answer.body, charset, what)
    : Buffer.from(answer.body).toString('base64')
}
