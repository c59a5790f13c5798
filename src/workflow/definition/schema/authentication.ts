import { Type, type Static } from 'typebox'
import { uri } from './uri.ts'
import { closed, either, exactlyOne, lenient, oneWord, reference, text } from './vocabulary.ts'

/** Where the secret of that name holds the scheme's properties. */
const fromSecret = closed('From a secret', 'The secret holds the properties of the scheme.', {
  use: reference('secrets', 'Name of a secret in `use.secrets`.'),
})

const userAndPassword = closed('User and password', 'A user name and a password.', {
  username: text('The user name.'),
  password: text('The password: better an expression on `$secrets` than a literal.'),
})

const token = closed('Token', 'A security token with its type.', {
  token: text('The token.'),
  type: text('The type of the token, as RFC 8693 names it.'),
})

const oauth2Properties = {
  authority: uri('Address of the authorization server.'),
  grant: oneWord('How a token is obtained.', [
    'authorization_code',
    'client_credentials',
    'password',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ]),
  client: Type.Optional(
    closed('Client', 'Who asks for the token.', {
      id: Type.Optional(text('The client id.')),
      secret: Type.Optional(text('The client secret.')),
      assertion: Type.Optional(text('A signed JWT that proves who the client is.')),
      authentication: Type.Optional(
        oneWord(
          'How the client proves who it is.',
          ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
          'client_secret_post',
        ),
      ),
    }),
  ),
  request: Type.Optional(
    lenient('Token request', 'How the token is asked for.', {
      encoding: Type.Optional(
        oneWord(
          'How the request is encoded.',
          ['application/x-www-form-urlencoded', 'application/json'],
          'application/x-www-form-urlencoded',
        ),
      ),
    }),
  ),
  issuers: Type.Optional(
    Type.Array(text('An issuer.'), { description: 'Issuers whose tokens are accepted.' }),
  ),
  scopes: Type.Optional(Type.Array(text('A scope.'), { description: 'Scopes to ask for.' })),
  audiences: Type.Optional(Type.Array(text('An audience.'), { description: 'Audiences to ask for.' })),
  username: Type.Optional(text('User name, for the grant `password`.')),
  password: Type.Optional(text('Password, for the grant `password`.')),
  subject: Type.Optional(token),
  actor: Type.Optional(token),
}

const path = (purpose: string, fallback: string) =>
  Type.Optional(text(`Path of the ${purpose} endpoint, relative to the authority.`, { default: fallback }))

const oauth2 = closed('OAuth 2 properties', 'A token of an OAuth 2 authorization server.', {
  ...oauth2Properties,
  endpoints: Type.Optional(
    lenient('Endpoints', 'Paths at the authorization server.', {
      token: path('token', '/oauth2/token'),
      revocation: path('revocation', '/oauth2/revoke'),
      introspection: path('introspection', '/oauth2/introspect'),
    }),
  ),
})

const oidc = closed(
  'OpenID Connect properties',
  'A token of a provider that describes itself.',
  oauth2Properties,
)

const schemes = {
  basic: either('Basic', 'HTTP basic authentication (RFC 7617).', [userAndPassword, fromSecret]),
  bearer: either('Bearer', 'A bearer token (RFC 6750).', [
    closed('Bearer token', 'The token itself.', { token: text('The token.') }),
    fromSecret,
  ]),
  digest: either('Digest', 'HTTP digest authentication (RFC 7616).', [userAndPassword, fromSecret]),
  oauth2: either('OAuth 2', 'A token by OAuth 2 (RFC 6749).', [oauth2, fromSecret]),
  oidc: either('OpenID Connect', 'A token by OpenID Connect, found through discovery.', [oidc, fromSecret]),
}

/** dsl-reference.md, "Authentication": exactly one scheme. */
export const authenticationPolicy = exactlyOne(
  'Authentication policy',
  'How to authenticate: exactly one scheme.',
  schemes,
  {},
  { 'x-unknown': 'warn', additionalProperties: true, 'x-feature': 'authentication' },
)

/** The same, or the name of a policy in `use`. */
export const authentication = exactlyOne(
  'Authentication',
  'How to authenticate: exactly one scheme, or `use` with the name of a policy.',
  { use: reference('authentications', 'Name of a policy in `use.authentications`.'), ...schemes },
  {},
  { 'x-feature': 'authentication' },
)

export type AuthenticationPolicy = Static<typeof authenticationPolicy>
export type Authentication = Static<typeof authentication>
