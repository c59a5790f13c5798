/** Systems with an HTTP API. Dapr calls the type `bindings.http`; an `HTTPEndpoint` resource is the same to us. */
import type { Connector, MetadataField } from '../connector.ts'
import { httpRequester } from './requester.ts'
import { httpSource, httpSourceOptions } from './source.ts'
import { httpTarget, httpTargetOptions } from './target.ts'

const declared: Pick<Connector, 'sourceOptions' | 'targetOptions' | 'targetModes' | 'open'> = {
  sourceOptions: httpSourceOptions,
  targetOptions: httpTargetOptions,
  targetModes: ['append', 'upsert'],
  open(connection, host) {
    const requester = httpRequester(connection, host)
    return {
      check: (signal) => requester.check(signal),
      source: (options) => httpSource(requester, options, host),
      target: (options) => httpTarget(requester, options),
      close: async () => {},
    }
  },
}

const url: MetadataField = { about: 'The address that all paths are below.', type: 'text', required: true }

export const http: Connector = {
  type: 'bindings.http',
  about: 'A system with an HTTP API: pages of records are fetched, records are sent.',
  metadata: {
    url,
    checkPath: {
      about: 'What `connections check` asks for with GET. Default: the address itself.',
      type: 'text',
    },
    securityTokenHeader: { about: 'The header that `securityToken` is sent in.', type: 'text' },
    securityToken: { about: 'A key or token that is sent with every request.', type: 'text', secret: true },
    username: { about: 'For basic or digest authentication.', type: 'text' },
    password: { about: 'For basic or digest authentication.', type: 'text', secret: true },
    scheme: {
      about: 'How user and password are sent.',
      type: 'text',
      choices: ['basic', 'digest'],
      default: 'basic',
    },
    tokenURL: { about: 'OAuth 2: where tokens are obtained, by client credentials.', type: 'text' },
    clientId: { about: 'OAuth 2: the client.', type: 'text' },
    clientSecret: { about: "OAuth 2: the client's secret.", type: 'text', secret: true },
    scopes: { about: 'OAuth 2: scopes, with spaces or commas between them.', type: 'text' },
    audience: { about: 'OAuth 2: whom the token is for.', type: 'text' },
  },
  ...declared,
}

export const httpEndpoint: Connector = {
  type: 'HTTPEndpoint',
  about: "A system with an HTTP API, as Dapr's `HTTPEndpoint` declares it: with headers of its own.",
  metadata: { baseUrl: url },
  ...declared,
}
