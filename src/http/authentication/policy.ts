import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'

/** A policy with its secrets in place (dsl-reference.md, "Authentication"), checked. */
export type Policy =
  | { scheme: 'basic'; username: string; password: string }
  | { scheme: 'bearer'; token: string }
  | { scheme: 'digest'; username: string; password: string }
  | { scheme: 'oauth2' | 'oidc'; oauth: OAuthPolicy }

export interface OAuthPolicy {
  authority: string
  /** Addresses, absolute; for `oidc` discovery gives them. */
  tokenEndpoint: string | undefined
  introspectionEndpoint: string | undefined
  grant: Grant
  client: {
    id: string | undefined
    secret: string | undefined
    assertion: string | undefined
    authentication: ClientAuthentication
  }
  encoding: 'application/x-www-form-urlencoded' | 'application/json'
  issuers: string[]
  scopes: string[]
  audiences: string[]
  username: string | undefined
  password: string | undefined
  subject: OAuthToken | undefined
  actor: OAuthToken | undefined
  /** For `authorization_code`; the DSL has no word for these, so they come from a secret that holds the policy. */
  code: string | undefined
  redirectUri: string | undefined
  codeVerifier: string | undefined
  /** For `refresh_token`, where `subject` does not hold it; from a secret, as above. */
  refreshToken: string | undefined
}

export interface OAuthToken {
  token: string
  type: string
}

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

const grants = [
  'authorization_code',
  'client_credentials',
  'password',
  'refresh_token',
  tokenExchange,
] as const
export type Grant = (typeof grants)[number]

const clientAuthentications = [
  'client_secret_post',
  'client_secret_basic',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
] as const
export type ClientAuthentication = (typeof clientAuthentications)[number]

type Secrets = { readonly [name: string]: Json }

/**
 * Reads a policy, with `{ use: <secret> }` inside a scheme replaced by what the secret holds.
 * Throws `configuration` where it is none, and `authorization` where a secret does not exist.
 */
export function readPolicy(policy: Json, secrets: Secrets): Policy {
  if (!isObject(policy))
    throw fault('configuration', 'An authentication policy is an object with one scheme.')
  const schemes = Object.keys(policy)
  const [scheme] = schemes
  if (scheme === undefined || schemes.length > 1) {
    throw fault('configuration', `An authentication policy has exactly one scheme, not ${schemes.length}.`)
  }
  const given = policy[scheme] as Json
  switch (scheme) {
    case 'basic':
    case 'digest': {
      const held = properties(scheme, given, secrets)
      return {
        scheme,
        username: required(held, 'username', scheme),
        password: required(held, 'password', scheme),
      }
    }
    case 'bearer': {
      // A secret that is no object is the token itself; so is `bearer: ${ ... }` (an example of dsl.md).
      if (typeof given === 'string') return { scheme, token: given }
      const held = secretOf(scheme, given, secrets)
      if (typeof held === 'string' && parsed(held) === undefined) return { scheme, token: held }
      return { scheme, token: required(properties(scheme, given, secrets), 'token', scheme) }
    }
    case 'oauth2':
    case 'oidc':
      return { scheme, oauth: oauthPolicy(scheme, properties(scheme, given, secrets)) }
    case 'use':
      throw fault('configuration', `There is no authentication policy named ${JSON.stringify(given)}.`)
    case 'certificate':
      throw fault(
        'configuration',
        'A client certificate is configured per host by who operates the server (clientCertificates), not by a definition.',
      )
    default:
      throw fault('configuration', `There is no authentication scheme '${scheme}'.`)
  }
}

function secretOf(scheme: string, given: Json, secrets: Secrets): Json {
  if (!isObject(given) || given['use'] === undefined) return given
  const name = given['use']
  if (typeof name !== 'string') throw fault('configuration', `'${scheme}.use' is the name of a secret.`)
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined
  if (secret === undefined) {
    throw fault(
      'authorization',
      `There is no secret '${name}', or this definition does not list it in use.secrets.`,
    )
  }
  return secret
}

function properties(scheme: string, given: Json, secrets: Secrets): JsonObject {
  const held = secretOf(scheme, given, secrets)
  const object = typeof held === 'string' ? parsed(held) : held
  if (isObject(object)) return object
  throw fault(
    'configuration',
    `The properties of the scheme '${scheme}' are not an object (a secret that holds them is a JSON object).`,
  )
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function oauthPolicy(scheme: 'oauth2' | 'oidc', held: JsonObject): OAuthPolicy {
  const at = (name: string) => optional(held, name, scheme)
  const inside = (name: string) => (isObject(held[name]) ? held[name] : {})
  const authority = required(held, 'authority', scheme).replace(/\/+$/, '')
  const endpoints = inside('endpoints')
  const endpoint = (name: string, otherwise: string) =>
    scheme === 'oidc'
      ? undefined
      : below(authority, optional(endpoints, name, `${scheme}.endpoints`) ?? otherwise)
  const client = inside('client')
  const clientPart = (name: string) => optional(client, name, `${scheme}.client`)
  return {
    authority,
    tokenEndpoint: endpoint('token', '/oauth2/token'),
    introspectionEndpoint: endpoint('introspection', '/oauth2/introspect'),
    grant: oneOf(grants, required(held, 'grant', scheme), `${scheme}.grant`),
    client: {
      id: clientPart('id'),
      secret: clientPart('secret'),
      assertion: clientPart('assertion'),
      authentication: oneOf(
        clientAuthentications,
        clientPart('authentication') ?? 'client_secret_post',
        `${scheme}.client.authentication`,
      ),
    },
    encoding: oneOf(
      ['application/x-www-form-urlencoded', 'application/json'] as const,
      optional(inside('request'), 'encoding', `${scheme}.request`) ?? 'application/x-www-form-urlencoded',
      `${scheme}.request.encoding`,
    ),
    issuers: list(held, 'issuers', scheme),
    scopes: list(held, 'scopes', scheme),
    audiences: list(held, 'audiences', scheme),
    username: at('username'),
    password: at('password'),
    subject: token(held, 'subject', scheme),
    actor: token(held, 'actor', scheme),
    code: at('code'),
    redirectUri: at('redirectUri') ?? at('redirect_uri'),
    codeVerifier: at('codeVerifier') ?? at('code_verifier'),
    refreshToken: at('refreshToken') ?? at('refresh_token'),
  }
}

/** `endpoints` are relative to the authority, path and all, though they begin with a slash; absolute ones stand. */
const below = (authority: string, path: string) =>
  /^https?:\/\//.test(path) ? path : `${authority}/${path.replace(/^\/+/, '')}`

function token(held: JsonObject, name: string, scheme: string): OAuthToken | undefined {
  const value = held[name]
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw fault('configuration', `'${scheme}.${name}' is an object with token and type.`)
  const type = required(value, 'type', `${scheme}.${name}`)
  return {
    token: required(value, 'token', `${scheme}.${name}`),
    type: /^[a-z0-9_]+$/.test(type) ? `urn:ietf:params:oauth:token-type:${type}` : type,
  }
}

function required(held: JsonObject, name: string, where: string): string {
  const value = optional(held, name, where)
  if (value === undefined) throw fault('configuration', `The authentication lacks '${where}.${name}'.`)
  return value
}

/** A text; a number is taken as one (`password: 1234`). */
function optional(held: JsonObject, name: string, where: string): string | undefined {
  const value = held[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw fault('configuration', `'${where}.${name}' is not a text.`)
}

function list(held: JsonObject, name: string, where: string): string[] {
  const value = held[name]
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw fault('configuration', `'${where}.${name}' is not a list of texts.`)
}

function oneOf<T extends string>(known: readonly T[], value: string, where: string): T {
  const found = known.find((one) => one === value)
  if (!found)
    throw fault('configuration', `'${where}' is ${JSON.stringify(value)}, not one of ${known.join(', ')}.`)
  return found
}
