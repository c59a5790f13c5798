import type { Host } from '../internet/index.ts'

export interface TokenServiceOptions {
  /** Path below which it lies, as an authority has it: `/realms/fake-authority`. */
  readonly realm: string
  /** Origin, as its discovery document says it. */
  readonly origin: string
  readonly client: { readonly id: string; readonly secret: string }
  /** Token endpoints below the realm. The first is the one that discovery gives. */
  readonly tokenPaths: readonly string[]
  readonly token: string
}

/** An authority of OAuth 2 and OpenID Connect that issues one token for client credentials (RFC 6749, 4.4). */
export function tokenService({ realm, origin, client, tokenPaths, token }: TokenServiceOptions): Host {
  return ({ method, path, text, headers }) => {
    if (path === `${realm}/.well-known/openid-configuration`) {
      const issuer = origin + realm
      return { body: { issuer, token_endpoint: issuer + (tokenPaths[0] ?? '') } }
    }
    if (method !== 'POST' || !tokenPaths.some((tokenPath) => path === realm + tokenPath)) return undefined
    const form = new URLSearchParams(text)
    const basic = `Basic ${btoa(`${client.id}:${client.secret}`)}`
    const known =
      headers['authorization'] === basic ||
      (form.get('client_id') === client.id && form.get('client_secret') === client.secret)
    if (!known) return { status: 401, body: { error: 'invalid_client' } }
    if (form.get('grant_type') !== 'client_credentials')
      return { status: 400, body: { error: 'unsupported_grant_type' } }
    return { body: { access_token: token, token_type: 'Bearer', expires_in: 300 } }
  }
}
