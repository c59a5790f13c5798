/** `http`: one request to an endpoint (dsl-reference.md, "HTTP Call"). */
import { fault, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityFactory } from '../activity.ts'
import { savedFile } from '../download.ts'
import { encodeBody } from '../http-body.ts'
import { httpOutput, outputFormat } from '../http-output.ts'
import { idempotencyHeader } from '../idempotency.ts'
import { endpointOf, flagOf, objectInput, optionalObject, textOf } from '../input.ts'
import { withQuery } from '../query.ts'

export const callHttp: ActivityFactory = (options) => ({
  name: 'http',
  async run(given, context) {
    const input = objectInput(given, 'http')
    const format = outputFormat(input['output'])
    const endpoint = endpointOf(input['endpoint'])
    const method = textOf(input, 'method').toUpperCase()
    const headers = headersOf(optionalObject(input, 'headers'))
    const body = bodyOf(input['body'], headers)
    const download = savedFile(input['metadata'], options, context)
    if (download) await download.prepare()

    const answer = await context.http.send(
      {
        method,
        uri: withQuery(endpoint.uri, optionalObject(input, 'query')),
        headers: { ...idempotencyHeader(method, context, options), ...headers },
        redirect: flagOf(input, 'redirect'),
        ...(body !== undefined && { body }),
        ...(endpoint.authentication !== undefined && { authentication: endpoint.authentication }),
        ...(download && { saveTo: download.path }),
      },
      context,
    )
    return httpOutput(answer, format, download?.result(answer))
  },
})

/** Lower-case names; `null` leaves a header out, a list is sent as one line. */
function headersOf(given: JsonObject | undefined): { [name: string]: string } {
  const headers: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(given ?? {})) {
    const texts = (Array.isArray(value) ? value : [value]).filter((each) => each !== null)
    if (texts.some((each) => typeof each === 'object')) {
      throw fault('validation', `The header '${name}' is an object: a header is a text.`)
    }
    if (texts.length > 0) headers[name.toLowerCase()] = texts.map(String).join(', ')
  }
  return headers
}

/** Encodes the body and puts its type among the headers. `null` and no body at all are the same: none is sent. */
function bodyOf(
  value: Json | undefined,
  headers: { [name: string]: string },
): string | Uint8Array | undefined {
  if (value === undefined || value === null) return undefined
  const { body, contentType } = encodeBody(value, headers['content-type'])
  headers['content-type'] = contentType
  return body
}
