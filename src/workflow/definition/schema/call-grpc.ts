import { Type } from 'typebox'
import { authentication } from './authentication.ts'
import { externalResource } from './endpoint.ts'
import { closed, dataMap, literal, text } from './vocabulary.ts'

/** dsl-reference.md, "gRPC Call". */
export const grpcArguments = closed('gRPC', 'A method of a gRPC service.', {
  proto: externalResource,
  service: closed('Service', 'Where the service is.', {
    name: text('Its full name.'),
    host: literal('Its host name.', {
      pattern: '^[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?$',
      'x-form': 'a host name',
    }),
    port: Type.Optional(Type.Integer({ description: 'Its port.', minimum: 0, maximum: 65535 })),
    authentication: Type.Optional(authentication),
  }),
  method: text('The method.'),
  arguments: Type.Optional(dataMap('Arguments by name.')),
})
