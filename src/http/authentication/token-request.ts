import * as oauth from 'oauth4webapi'
import { parseAddress } from '../addresses.ts'
import { fault, isObject, type Json } from '../../workflow/index.ts'
import { maskFor } from '../masking.ts'
import type { TokenExchange } from './authenticator.ts'
import type { Endpoints } from './discovery.ts'
import { type OAuthPolicy, tokenExchange } from './policy.ts'

export interface Token {
  accessToken: string
  /** Milliseconds since 1970, where the server or the token itself tells. */
  expiresAt: number | undefined
  refreshToken: string | undefined
}

export interface TokenRequest {
  policy: OAuthPolicy
  endpoints: Endpoints
  /** The newest refresh token, where the server gave one in the place of the policy's. */
  refreshToken: string | undefined
  exchange: TokenExchange
  signal: AbortSignal
  now: () => number
}

/** Asks the token endpoint (RFC 6749, RFC 8693) and checks what it says. Throws with a text that holds no secret. */
export async function requestToken(request: TokenRequest): Promise<Token> {
  const { policy, endpoints } = request
  const server: oauth.AuthorizationServer = {
    issuer: endpoints.issuer,
    token_endpoint: parseAddress(endpoints.token).url.href,
    ...(endpoints.introspection !== undefined && {
      introspection_endpoint: parseAddress(endpoints.introspection).url.href,
    }),
  }
  const client: oauth.Client = { client_id: policy.client.id ?? 'none' }
  const authentication = clientAuthentication(policy)
  const mask = maskFor(
    policy.client.secret,
    policy.client.assertion,
    policy.password,
    policy.subject?.token,
    policy.actor?.token,
    policy.code,
    request.refreshToken,
    policy.refreshToken,
  )
  const options = {
    [oauth.allowInsecureRequests]: true, // an authority is named by who wrote the definition, scheme included
    [oauth.customFetch]: transport(request, mask),
    signal: request.signal,
  }
  try {
    const { grant, parameters } = grantParameters(policy, request.refreshToken)
    const answer = await oauth.genericTokenEndpointRequest(
      server,
      client,
      authentication,
      grant,
      parameters,
      options,
    )
    const answered = await oauth.processGenericTokenEndpointResponse(server, client, answer)
    const claims = claimsOf(answered.access_token)
    if (policy.issuers.length > 0) {
      const issuer = claims?.['iss'] ?? (await issuerOf(answered.access_token))
      if (typeof issuer !== 'string' || !policy.issuers.includes(issuer)) {
        throw fault(
          'authentication',
          `the token's issuer ${issuer === undefined ? 'is not known' : JSON.stringify(issuer)}, and 'issuers' does not list it`,
        )
      }
    }
    return {
      accessToken: answered.access_token,
      expiresAt: expiryOf(answered.expires_in, claims, request.now()),
      refreshToken: answered.refresh_token,
    }
  } catch (error) {
    throw explained(error, mask)
  }

  /** Who issued a token that does not say so itself: the provider found by discovery, else introspection tells. */
  async function issuerOf(token: string): Promise<Json | undefined> {
    if (endpoints.issuerKnown) return endpoints.issuer
    if (server.introspection_endpoint === undefined) return undefined
    const answer = await oauth.introspectionRequest(server, client, authentication, token, options)
    const about = await oauth.processIntrospectionResponse(server, client, answer)
    return about.active ? about.iss : undefined
  }
}

function grantParameters(
  policy: OAuthPolicy,
  rotated: string | undefined,
): { grant: string; parameters: URLSearchParams } {
  const parameters = new URLSearchParams()
  const need = (name: string, value: string | undefined, from: string) => {
    if (value === undefined) throw fault('configuration', `The grant ${policy.grant} needs ${from}.`)
    parameters.set(name, value)
  }
  const asRefresh = (token: string) => {
    parameters.set('refresh_token', token)
    scopesAndAudiences(policy, parameters)
    return { grant: 'refresh_token', parameters }
  }
  switch (policy.grant) {
    case 'client_credentials':
      break
    case 'password':
      need('username', policy.username, "'username'")
      need('password', policy.password, "'password'")
      break
    case 'refresh_token': {
      const token = rotated ?? policy.refreshToken ?? policy.subject?.token
      if (token === undefined) {
        throw fault(
          'configuration',
          "The grant refresh_token needs the refresh token as 'subject.token', or as 'refreshToken' of the secret.",
        )
      }
      return asRefresh(token)
    }
    case 'authorization_code':
      // A code is good for one request: from then on the refresh token that came with it is used.
      if (rotated !== undefined) return asRefresh(rotated)
      need(
        'code',
        policy.code,
        "a 'code', which only a secret that holds the policy can give: a pipeline has no browser",
      )
      need('redirect_uri', policy.redirectUri, "'redirectUri' beside the code")
      if (policy.codeVerifier !== undefined) parameters.set('code_verifier', policy.codeVerifier)
      return { grant: policy.grant, parameters }
    case tokenExchange:
      need('subject_token', policy.subject?.token, "'subject'")
      need('subject_token_type', policy.subject?.type, "'subject'")
      if (policy.actor) {
        parameters.set('actor_token', policy.actor.token)
        parameters.set('actor_token_type', policy.actor.type)
      }
      break
    default:
      policy.grant satisfies never
  }
  scopesAndAudiences(policy, parameters)
  return { grant: policy.grant, parameters }
}

function scopesAndAudiences(policy: OAuthPolicy, parameters: URLSearchParams): void {
  if (policy.scopes.length > 0) parameters.set('scope', policy.scopes.join(' '))
  // Repeated where there are several (RFC 8693, section 2.1).
  for (const audience of policy.audiences) parameters.append('audience', audience)
}

function clientAuthentication({ client, grant }: OAuthPolicy): oauth.ClientAuth {
  const need = (value: string | undefined, name: string): string => {
    if (value === undefined) {
      throw fault(
        'configuration',
        `The client authentication ${client.authentication} needs 'client.${name}'.`,
      )
    }
    return value
  }
  if (client.authentication === 'none') return client.id === undefined ? () => {} : oauth.None()
  need(client.id, 'id')
  const assertion = (jwt: string): oauth.ClientAuth => {
    return (_server, { client_id }, body) => {
      body.set('client_id', client_id)
      body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      body.set('client_assertion', jwt)
    }
  }
  switch (client.authentication) {
    case 'client_secret_post':
      // A public client has an id and no secret; only by itself can a client get a token for itself.
      if (client.secret === undefined && grant !== 'client_credentials') return oauth.None()
      return oauth.ClientSecretPost(need(client.secret, 'secret'))
    case 'client_secret_basic':
      return oauth.ClientSecretBasic(need(client.secret, 'secret'))
    case 'client_secret_jwt':
      return client.assertion === undefined
        ? oauth.ClientSecretJwt(need(client.secret, 'secret'))
        : assertion(client.assertion)
    case 'private_key_jwt':
      return assertion(need(client.assertion, 'assertion'))
    default:
      client.authentication satisfies never
      throw fault('configuration', 'There is no such client authentication.')
  }
}

/** Carries the library's requests over our own client, in the encoding asked for. */
function transport({ policy, exchange, signal }: TokenRequest, mask: (text: string) => string) {
  return async (address: string, options: oauth.CustomFetchOptions<string, unknown>): Promise<Response> => {
    const headers: { [name: string]: string } = { ...options.headers }
    let body = options.body instanceof URLSearchParams ? options.body.toString() : undefined
    if (options.body instanceof URLSearchParams && policy.encoding === 'application/json') {
      headers['content-type'] = 'application/json'
      body = JSON.stringify(asObject(options.body))
    }
    const { url } = parseAddress(address)
    const answer = await exchange(
      { method: options.method, url, headers: lowered(headers), body },
      mask,
      signal,
    )
    return new Response(tolerated(answer), {
      status: answer.status,
      headers: { ...pick(answer.headers, 'www-authenticate'), 'content-type': contentType(answer) },
    })
  }
}

/**
 * A successful answer, with what servers are known to leave out put in: `token_type`, which then is Bearer. An ID
 * token is left out: it tells who signed in, which is nobody here.
 */
function tolerated(answer: { status: number; body: Uint8Array }): string | null {
  const text = Buffer.from(answer.body).toString('utf8')
  if (answer.status !== 200) return text === '' ? null : text
  try {
    const value = JSON.parse(text) as Json
    if (!isObject(value) || value['access_token'] === undefined) return text
    return JSON.stringify({ token_type: 'Bearer', ...value, id_token: undefined })
  } catch {
    return text
  }
}

const contentType = (answer: { headers: { readonly [name: string]: string } }) =>
  /json/i.test(answer.headers['content-type'] ?? 'json') ? 'application/json' : 'text/plain'

const pick = (headers: { readonly [name: string]: string }, name: string) =>
  headers[name] === undefined ? {} : { [name]: headers[name] }

const lowered = (headers: { [name: string]: string }) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

function asObject(form: URLSearchParams): { [name: string]: Json } {
  const object: { [name: string]: Json } = {}
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name)
    object[name] = values.length > 1 ? values : (values[0] ?? '')
  }
  return object
}

/** The claims of a JWT, unverified: the token came from the server itself, and is not ours to judge. */
function claimsOf(token: string): { [name: string]: Json } | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Json
    return isObject(claims) ? claims : undefined
  } catch {
    return undefined
  }
}

function expiryOf(
  expiresIn: number | undefined,
  claims: { [name: string]: Json } | undefined,
  now: number,
): number | undefined {
  if (expiresIn !== undefined) return now + expiresIn * 1000
  const expiry = claims?.['exp']
  return typeof expiry === 'number' ? expiry * 1000 : undefined
}

/** The library's errors carry whole answers as their cause: only their text goes on, masked. */
function explained(error: unknown, mask: (text: string) => string): unknown {
  if (error instanceof oauth.ResponseBodyError) {
    const description = error.error_description === undefined ? '' : ` (${error.error_description})`
    return new Error(mask(`the server answered ${error.status} ${error.error}${description}`).slice(0, 500))
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new Error(`the server answered ${error.status} with a challenge`)
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return new Error(mask(error.message).slice(0, 500))
  }
  return error
}
