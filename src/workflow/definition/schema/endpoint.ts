import { Type, type Static } from 'typebox'
import { authentication } from './authentication.ts'
import { uri } from './uri.ts'
import { closed, either, literal } from './vocabulary.ts'

const configured = closed('Endpoint with authentication', 'An address and how to authenticate there.', {
  uri: uri('The address.'),
  authentication: Type.Optional(authentication),
})

/** dsl-reference.md, "Endpoint". */
export const endpoint = either('Endpoint', 'An address, alone or with authentication.', [
  uri('The address.', { title: 'Address' }),
  configured,
])

/** dsl-reference.md, "External Resource". */
export const externalResource = closed('External resource', 'A document that lies elsewhere.', {
  name: Type.Optional(literal('A name for it.')),
  endpoint,
})

/** dsl-reference.md, "Catalog". */
export const catalog = closed('Catalog', 'A collection of functions that lies elsewhere.', {
  endpoint,
})

export type Endpoint = Static<typeof endpoint>
export type ExternalResource = Static<typeof externalResource>
