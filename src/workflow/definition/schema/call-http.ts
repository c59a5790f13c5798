import { Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { anyData, closed, either, enclosed, mapOf, oneWord, text } from './vocabulary.ts'

export const httpOutput = Type.Optional(
  oneWord('What the output is of the response.', ['raw', 'content', 'response'], 'content'),
)

export const httpRedirect = Type.Optional(
  Type.Boolean({
    description: 'Whether to follow redirections and accept status 300 to 399.',
    default: false,
  }),
)

/** dsl-reference.md, "HTTP Call". */
export const httpArguments = closed('HTTP', 'An HTTP request.', {
  method: text('The method, in any letter case.', { examples: ['get', 'post', 'put', 'patch', 'delete'] }),
  endpoint,
  headers: Type.Optional(
    either('Headers', 'Headers by name.', [
      mapOf('Headers', 'Headers by name.', text('A value.')),
      enclosed('Yields them.'),
    ]),
  ),
  body: Type.Optional(anyData('The body; objects are sent as JSON.')),
  query: Type.Optional(
    either('Query', 'Query parameters by name.', [
      mapOf(
        'Query',
        'Query parameters by name.',
        either('Value', 'A value.', [text('A value.'), Type.Number(), Type.Boolean()]),
      ),
      enclosed('Yields them.'),
    ]),
  ),
  output: httpOutput,
  redirect: httpRedirect,
})
