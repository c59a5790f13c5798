import { Type } from 'typebox'
import { authentication } from './authentication.ts'
import { httpOutput, httpRedirect } from './call-http.ts'
import { externalResource } from './endpoint.ts'
import { closed, dataMap, text } from './vocabulary.ts'

/** dsl-reference.md, "OpenAPI Call". */
export const openapiArguments = closed('OpenAPI', 'An operation of an OpenAPI document.', {
  document: externalResource,
  operationId: text('The id of the operation.'),
  parameters: Type.Optional(dataMap('Parameters by name.')),
  authentication: Type.Optional(authentication),
  output: httpOutput,
  redirect: httpRedirect,
})
