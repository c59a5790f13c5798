/** `openapi`: an operation by its id, as an OpenAPI document describes it (dsl-reference.md, "OpenAPI Call"). */
import { fault, isObject } from '../../workflow/index.ts'
import type { ActivityFactory } from '../activity.ts'
import { savedFile } from '../download.ts'
import { httpOutput, outputFormat } from '../http-output.ts'
import { idempotencyHeader } from '../idempotency.ts'
import { withQuery } from '../query.ts'
import { endpointOf, flagOf, objectInput, optionalObject, textOf } from '../input.ts'
import { createDocuments } from './documents.ts'
import { findOperation } from './find-operation.ts'
import { buildRequest } from './request.ts'
import { keyNames, secured } from './security.ts'

export const callOpenapi: ActivityFactory = (options) => {
  const openDocument = createDocuments(options)
  return {
    name: 'openapi',
    async run(given, context) {
      const input = objectInput(given, 'openapi')
      const format = outputFormat(input['output'])
      const redirect = flagOf(input, 'redirect')
      const resource = input['document']
      if (!isObject(resource)) throw fault('configuration', "The call lacks 'document'.")
      const operationId = textOf(input, 'operationId')
      const parameters = optionalObject(input, 'parameters') ?? {}

      const document = await openDocument(endpointOf(resource['endpoint'], 'document.endpoint'), context)
      const operation = await findOperation(document, operationId)
      const built = buildRequest(operation, parameters, new Set(keyNames(operation).keys()))
      const { authentication, keys } = await secured(operation, input['authentication'], built.rest, context)
      let { uri } = built
      const headers: { [name: string]: string } = {
        ...idempotencyHeader(operation.method, context, options),
        ...built.headers,
      }
      for (const { place, value } of keys) {
        if (place.in === 'query') uri = withQuery(uri, { [place.name]: value })
        else if (place.in === 'header') headers[place.name.toLowerCase()] = value
        else
          headers['cookie'] = [headers['cookie'], `${place.name}=${encodeURIComponent(value)}`]
            .filter(Boolean)
            .join('; ')
      }
      const download = savedFile(input['metadata'], options, context)
      if (download) await download.prepare()

      const answer = await context.http.send(
        {
          method: operation.method,
          uri,
          headers,
          redirect,
          hidden: keys.map(({ value }) => value),
          ...(built.body && { body: built.body.body }),
          ...(authentication !== undefined && { authentication }),
          ...(download && { saveTo: download.path }),
        },
        context,
      )
      return httpOutput(answer, format, download?.result(answer))
    },
  }
}
