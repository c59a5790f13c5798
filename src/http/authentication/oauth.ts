import { setMaxListeners } from 'node:events'
import { fault, isPostponed, type Json, problemOf } from '../../workflow/index.ts'
import { raced } from '../deadline.ts'
import type { Authenticator, TokenExchange } from './authenticator.ts'
import { createDiscovery } from './discovery.ts'
import type { OAuthPolicy } from './policy.ts'
import { recent } from './recent.ts'
import { requestToken, type Token } from './token-request.ts'

/** Tokens are renewed this long before they expire, or a fifth of their life where that is less. */
const renewalMarginMs = 30_000
/** How long a token is used whose life nobody tells. A 401 renews it in any case. */
const unknownLifeMs = 5 * 60_000

interface Held {
  token: Token
  renewAt: number
}

export interface Tokens {
  authenticator(policy: OAuthPolicy, key: string): Authenticator
  close(): void
}

/** OAuth 2.0 and OpenID Connect: tokens by policy, kept until they near their end, fetched once for all who wait. */
export function createTokens(exchange: TokenExchange, now: () => number): Tokens {
  const held = recent<Held>(1000)
  const underWay = new Map<string, Promise<Token>>()
  /** A refresh token that the server gave in the place of the one before (RFC 6749, section 6). */
  const rotated = recent<string>(1000)
  const discovery = createDiscovery(exchange, now)
  const closing = new AbortController()
  // Every token request under way listens to it.
  setMaxListeners(0, closing.signal)

  const obtain = async (policy: OAuthPolicy, key: string): Promise<Token> => {
    try {
      const endpoints =
        policy.tokenEndpoint === undefined ? await discovery(policy, closing.signal) : undefined
      const token = await requestToken({
        policy,
        endpoints: endpoints ?? {
          // Nobody tells an OAuth 2.0 server's issuer: assertions are then made out to its token endpoint.
          issuer: policy.tokenEndpoint ?? policy.authority,
          issuerKnown: false,
          token: policy.tokenEndpoint ?? policy.authority,
          introspection: policy.introspectionEndpoint,
        },
        refreshToken: rotated.get(key),
        exchange,
        signal: closing.signal,
        now,
      })
      if (token.refreshToken) rotated.set(key, token.refreshToken)
      const life = token.expiresAt === undefined ? unknownLifeMs : token.expiresAt - now()
      held.set(key, { token, renewAt: now() + life - Math.min(renewalMarginMs, life / 5) })
      return token
    } catch (error) {
      throw authenticationFault(error, policy)
    }
  }

  /** One request for all who need the same token; who gives up does not spoil it for the others. */
  const tokenFor = (policy: OAuthPolicy, key: string, signal: AbortSignal): Promise<Token> => {
    const kept = held.get(key)
    if (kept && now() < kept.renewAt) return Promise.resolve(kept.token)
    let request = underWay.get(key)
    if (!request) {
      request = obtain(policy, key).finally(() => underWay.delete(key))
      underWay.set(key, request)
    }
    return raced(request, signal)
  }

  return {
    authenticator(policy, key) {
      const obtained: string[] = []
      const current = async (signal: AbortSignal) => {
        const token = await tokenFor(policy, key, signal)
        obtained.push(token.accessToken)
        return token
      }
      return {
        async perform(_asked, send, signal) {
          const token = await current(signal)
          const answer = await send({ authorization: `Bearer ${token.accessToken}` })
          if (answer.status !== 401) return answer
          // Revoked, or the server's clock is ahead: once with a new one.
          if (held.get(key)?.token === token) held.delete(key)
          const renewed = await current(signal)
          if (renewed.accessToken === token.accessToken) return answer
          return send({ authorization: `Bearer ${renewed.accessToken}` })
        },
        authorize: async (_asked, signal) => ({
          scheme: 'Bearer',
          parameter: (await current(signal)).accessToken,
        }),
        secrets: () => [...secretsOf(policy), ...obtained],
      }
    },
    close: () => closing.abort(new Error('The client is closed.')),
  }
}

function secretsOf(policy: OAuthPolicy): Json[] {
  const { client, password, subject, actor, code, codeVerifier, refreshToken } = policy
  const all = [client.secret, client.assertion, password, subject?.token, actor?.token, code, codeVerifier]
  return [...all, refreshToken].filter((secret) => secret !== undefined)
}

/** Whatever kept us from a token is an `authentication` fault, but for a policy that is itself wrong. */
function authenticationFault(error: unknown, policy: OAuthPolicy): unknown {
  const problem = problemOf(error)
  if (problem?.type.endsWith('/configuration') || isPostponed(error)) return error
  const why = problem?.detail ?? (error instanceof Error ? error.message : String(error))
  return fault('authentication', `No token was obtained from ${hostOf(policy)}: ${why}`)
}

function hostOf(policy: OAuthPolicy): string {
  try {
    return new URL(policy.tokenEndpoint ?? policy.authority).host
  } catch {
    return 'the authority'
  }
}
