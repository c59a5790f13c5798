import * as oauth from 'oauth4webapi'
import { SluseError } from '../errors.ts'
import type { User } from './users.ts'

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  /** Without it the client is a public one: PKCE protects the code all the same. */
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** Names of claims; a dot leads into an object. */
  readonly subjectClaim: string
  readonly groupsClaim: string
  /** Take e-mail addresses as confirmed that the provider does not say anything about. */
  readonly trustEmail: boolean
  readonly log?: (message: string, data: { [key: string]: unknown }) => void
  /** How the provider is called. Default: the system's own. */
  readonly fetch?: ProviderFetch
}

/** `fetch`, as far as it is used here. */
export type ProviderFetch = (
  url: string,
  options: Pick<oauth.CustomFetchOptions<string, unknown>, 'method' | 'headers' | 'body' | 'signal'>,
) => Promise<Response>

/** What is kept between leaving for the provider and coming back. */
export interface SignIn {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

const timeoutMs = 10_000
const metadataMs = 3_600_000

/** Signs people in at one OpenID provider: authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1). */
export class OpenIdProvider {
  readonly #settings: OidcSettings
  #metadata: { readonly server: oauth.AuthorizationServer; readonly until: number } | undefined

  constructor(settings: OidcSettings) {
    this.#settings = settings
  }

  /** Where to send the browser. */
  async begin(redirectUri: string): Promise<{ url: string; signIn: SignIn }> {
    const { clientId, scopes } = this.#settings
    const server = await this.#server()
    const signIn = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
    }
    const url = new URL(server.authorization_endpoint ?? '')
    const parameters = {
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: [...new Set(['openid', ...scopes])].join(' '),
      state: signIn.state,
      nonce: signIn.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(signIn.verifier),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return { url: url.href, signIn }
  }

  /** Who came back with `url`. Throws `SLUSE-SIGN-IN-FAILED` or `SLUSE-SIGN-IN-PROVIDER`. */
  async finish(url: URL, signIn: SignIn, redirectUri: string): Promise<User> {
    const server = await this.#server()
    const client: oauth.Client = { client_id: this.#settings.clientId }
    try {
      const parameters = oauth.validateAuthResponse(server, client, url, signIn.state)
      const answer = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        this.#authentication(server),
        parameters,
        redirectUri,
        signIn.verifier,
        this.#options(),
      )
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
        expectedNonce: signIn.nonce,
        requireIdToken: true,
      })
      await oauth.validateApplicationLevelSignature(server, answer, this.#options())
      const claims = oauth.getValidatedIdTokenClaims(tokens)
      if (!claims) throw new Error('The provider gave no ID token.')
      const more = await this.#userInfo(server, client, tokens.access_token, claims.sub)
      return userOf({ ...more, ...claims }, this.#settings)
    } catch (error) {
      if (error instanceof SluseError) throw error
      const { code, error: given } = error as { code?: unknown; error?: unknown }
      this.#settings.log?.('A sign-in failed.', { error: String(error), code, given })
      throw new SluseError(meaningOf(error), errorName(given), { cause: error })
    }
  }

  /** Where the browser signs out at the provider, too, if it can. */
  async signOutUrl(back: string): Promise<string | undefined> {
    const { end_session_endpoint: endpoint } = await this.#server().catch(() => ({
      end_session_endpoint: undefined,
    }))
    if (endpoint === undefined) return undefined
    const url = new URL(endpoint)
    url.searchParams.set('client_id', this.#settings.clientId)
    url.searchParams.set('post_logout_redirect_uri', back)
    return url.href
  }

  /** The groups may be too many for an ID token: then they come here. */
  async #userInfo(server: oauth.AuthorizationServer, client: oauth.Client, token: string, subject: string) {
    if (server.userinfo_endpoint === undefined) return {}
    const answer = await oauth.userInfoRequest(server, client, token, this.#options())
    return oauth.processUserInfoResponse(server, client, subject, answer)
  }

  #authentication(server: oauth.AuthorizationServer): oauth.ClientAuth {
    const { clientSecret } = this.#settings
    if (clientSecret === undefined) return oauth.None()
    const methods = server.token_endpoint_auth_methods_supported
    return methods && !methods.includes('client_secret_basic')
      ? oauth.ClientSecretPost(clientSecret)
      : oauth.ClientSecretBasic(clientSecret)
  }

  async #server(): Promise<oauth.AuthorizationServer> {
    if (this.#metadata && this.#metadata.until > Date.now()) return this.#metadata.server
    const issuer = new URL(this.#settings.issuer)
    try {
      const answer = await oauth.discoveryRequest(issuer, this.#options())
      const server = await oauth.processDiscoveryResponse(issuer, answer)
      if (server.authorization_endpoint === undefined) throw new Error('It has no authorization endpoint.')
      this.#metadata = { server, until: Date.now() + metadataMs }
      return server
    } catch (error) {
      this.#settings.log?.('The OpenID provider cannot be read.', {
        issuer: issuer.href,
        error: String(error),
      })
      throw new SluseError('SLUSE-SIGN-IN-PROVIDER', issuer.href, { cause: error })
    }
  }

  /** Plain http only where the operator named the provider so, for one on this machine. */
  #options() {
    return {
      signal: AbortSignal.timeout(timeoutMs),
      [oauth.allowInsecureRequests]: this.#settings.issuer.startsWith('http:'),
      ...(this.#settings.fetch && { [oauth.customFetch]: this.#settings.fetch }),
    }
  }
}

/** What went wrong, as whoever signs in can do something about it. */
function meaningOf(error: unknown) {
  const { code, error: given, cause, name } = error as { [member: string]: unknown }
  switch (code) {
    // RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6.
    case oauth.AUTHORIZATION_RESPONSE_ERROR:
      return given === 'server_error' || given === 'temporarily_unavailable'
        ? 'SLUSE-SIGN-IN-PROVIDER'
        : 'SLUSE-SIGN-IN-DENIED'
    case oauth.RESPONSE_BODY_ERROR:
      return given === 'invalid_grant' ? 'SLUSE-SIGN-IN-EXPIRED' : 'SLUSE-SIGN-IN-FAILED'
    case oauth.JWT_TIMESTAMP_CHECK:
      return 'SLUSE-SIGN-IN-CLOCK'
    case oauth.RESPONSE_IS_NOT_CONFORM:
      return cause instanceof Response && cause.status >= 500
        ? 'SLUSE-SIGN-IN-PROVIDER'
        : 'SLUSE-SIGN-IN-FAILED'
    default:
      return error instanceof TypeError || name === 'TimeoutError'
        ? 'SLUSE-SIGN-IN-PROVIDER'
        : 'SLUSE-SIGN-IN-FAILED'
  }
}

/** The provider's name for it. It came in an address that anybody can write. */
function errorName(given: unknown): string {
  return typeof given === 'string' && /^[a-z_]{1,60}$/.test(given) ? `(${given})` : ''
}

type Claims = { readonly [name: string]: unknown }

function userOf(claims: Claims, { subjectClaim, groupsClaim, trustEmail }: OidcSettings): User {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const subject = text(claimOf(claims, subjectClaim))
  if (subject === undefined)
    throw new SluseError('SLUSE-SIGN-IN-FAILED', `The provider tells no ${subjectClaim}.`)
  // What is ours begins like this; nobody is to sign in as that.
  if (/^(?:key:|local$|system$)/.test(subject))
    throw new SluseError('SLUSE-SIGN-IN-FAILED', 'That subject is reserved.')
  const email = text(claims.email)
  const confirmed = claims.email_verified === true || (trustEmail && claims.email_verified === undefined)
  const locale = text(claims.locale)
  return {
    subject,
    name: text(claims.name) ?? text(claims.preferred_username) ?? email ?? subject,
    ...(email !== undefined && confirmed && { email: email.toLowerCase() }),
    ...(locale !== undefined && { locale }),
    groups: groupsIn(claimOf(claims, groupsClaim)),
  }
}

/** A claim that is there by its whole name comes before a path: names of claims may be addresses. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  return name
    .split('.')
    .reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as Claims)[step]
          : undefined,
      claims,
    )
}

function groupsIn(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(/[\s,]+/)
      : []
  return [...new Set(list.filter((each): each is string => typeof each === 'string' && each !== ''))]
}
