import { expect, test } from 'vitest'
import { problemOf, type Json } from '../../workflow/index.ts'
import { readPolicy } from './policy.ts'

const typeOf = (policy: Json, secrets = {}): string => {
  try {
    readPolicy(policy, secrets)
    return 'fine'
  } catch (error) {
    return problemOf(error)?.type.replace(/.*\//, '') ?? String(error)
  }
}

test('a secret named by a scheme holds its properties', () => {
  expect(readPolicy({ basic: { use: 'api' } }, { api: { username: 'u', password: 'p' } })).toEqual({
    scheme: 'basic',
    username: 'u',
    password: 'p',
  })
})

test('a secret that is text holds them as JSON', () => {
  expect(readPolicy({ digest: { use: 'api' } }, { api: '{"username":"u","password":"p"}' })).toMatchObject({
    username: 'u',
  })
})

test('a secret that is plain text is the token of a bearer policy', () => {
  expect(readPolicy({ bearer: { use: 'api' } }, { api: 'abc' })).toEqual({ scheme: 'bearer', token: 'abc' })
})

test('a secret that does not exist is an authorization fault', () => {
  expect(typeOf({ basic: { use: 'none' } })).toBe('authorization')
  expect(typeOf({ basic: { use: 'constructor' } })).toBe('authorization')
})

test('a number is taken for a text', () => {
  expect(readPolicy({ basic: { username: 'u', password: 1234 } }, {})).toMatchObject({ password: '1234' })
})

test.each<[string, Json]>([
  ['no object', 'basic'],
  ['no scheme', {}],
  ['two schemes', { basic: { username: 'u', password: 'p' }, bearer: { token: 't' } }],
  ['an unknown scheme', { kerberos: {} }],
  ['a name that nobody resolved', { use: 'mine' }],
  ['a client certificate', { certificate: {} }],
  ['basic without a password', { basic: { username: 'u' } }],
  ['bearer without a token', { bearer: {} }],
  ['oauth2 without an authority', { oauth2: { grant: 'client_credentials' } }],
  ['oauth2 with an unknown grant', { oauth2: { authority: 'http://a', grant: 'implicit' } }],
  ['scopes that are no list', { oauth2: { authority: 'http://a', grant: 'password', scopes: 'api' } }],
  [
    'a subject without a type',
    { oauth2: { authority: 'http://a', grant: 'password', subject: { token: 't' } } },
  ],
])('%s is a configuration fault', (_what, policy) => {
  expect(typeOf(policy)).toBe('configuration')
})

test.each([
  ['http://keycloak/realms/x', undefined, 'http://keycloak/realms/x/oauth2/token'],
  ['http://keycloak/realms/x/', '/auth/token', 'http://keycloak/realms/x/auth/token'],
  ['https://login', 'https://other/token', 'https://other/token'],
])('below the authority %s, the endpoint %s is %s', (authority, token, expected) => {
  const given = { authority, grant: 'client_credentials', ...(token && { endpoints: { token } }) }
  expect(readPolicy({ oauth2: given }, {})).toMatchObject({ oauth: { tokenEndpoint: expected } })
})
