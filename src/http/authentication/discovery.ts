import { parseAddress } from '../addresses.ts'
import { fault, isObject, type Json } from '../../workflow/index.ts'
import type { TokenExchange } from './authenticator.ts'
import type { OAuthPolicy } from './policy.ts'
import { recent } from './recent.ts'

export interface Endpoints {
  issuer: string
  /** Whether `issuer` is what the server says of itself, and so what its tokens must say. */
  issuerKnown: boolean
  token: string
  introspection: string | undefined
}

/** How long a provider's configuration is believed before it is asked again. */
const keptMs = 60 * 60_000

const wellKnown = '/.well-known/openid-configuration'

/**
 * OpenID Connect Discovery 1.0: endpoints from `{authority}/.well-known/openid-configuration`. An authority that
 * ends with that path already (an example of the specification) is taken as if it did not.
 */
export function createDiscovery(
  exchange: TokenExchange,
  now: () => number,
): (policy: OAuthPolicy, signal: AbortSignal) => Promise<Endpoints> {
  const known = recent<{ endpoints: Endpoints; until: number }>(200)

  return async (policy, signal) => {
    const authority = policy.authority.replace(/\/\.well-known\/openid-configuration$/, '')
    const key = JSON.stringify([authority, policy.issuers])
    const kept = known.get(key)
    if (kept && now() < kept.until) return kept.endpoints

    const { url } = parseAddress(`${authority}${wellKnown}`)
    const answer = await exchange(
      { method: 'GET', url, headers: { accept: 'application/json' }, body: undefined },
      (text) => text,
      signal,
    )
    if (answer.status !== 200) throw failure(`discovery answered ${answer.status} instead of 200`)
    const endpoints = read(answer.body, authority, policy.issuers)
    known.set(key, { endpoints, until: now() + keptMs })
    return endpoints
  }
}

function read(body: Uint8Array, authority: string, issuers: readonly string[]): Endpoints {
  let configuration: Json
  try {
    configuration = JSON.parse(Buffer.from(body).toString('utf8')) as Json
  } catch {
    throw failure('discovery did not answer with JSON')
  }
  const at = (name: string) => {
    const value = isObject(configuration) ? configuration[name] : undefined
    return typeof value === 'string' ? value : undefined
  }
  const issuer = at('issuer')
  const token = at('token_endpoint')
  if (issuer === undefined || token === undefined)
    throw failure('discovery names no issuer or no token endpoint')
  // Section 4.3: else a document planted elsewhere could speak for another provider.
  if (issuer.replace(/\/$/, '') !== authority && !issuers.includes(issuer)) {
    throw failure(
      `the provider calls itself ${JSON.stringify(issuer)}, which is neither the authority nor among 'issuers'`,
    )
  }
  return { issuer, issuerKnown: true, token, introspection: at('introspection_endpoint') }
}

const failure = (why: string) => fault('authentication', why)
