import { timingSafeEqual, createHash, createHmac, type Hmac } from 'node:crypto'
import type { JWTVerifyGetKey } from 'jose'
import { fault } from '../../workflow/index.ts'
import type { ConnectionSettings, ConnectorHost } from '../connector.ts'

export interface Sender {
  /** For people: `key`, `signature`, `token`. All that are declared must hold. */
  readonly ways: readonly string[]
  /** What the raw body is put through on its way in. */
  readonly hash: (() => Hmac) | undefined
  ready(signal: AbortSignal): Promise<void>
  /** Throws an `authentication` fault, the same whatever is wrong. */
  check(
    headers: { readonly [name: string]: string },
    digest: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<void>
}

/** Who may push: nobody, where nothing is declared. */
export function checkSender({ name, metadata }: ConnectionSettings, host: ConnectorHost): Sender {
  const text = (key: string) => (metadata[key] === undefined ? undefined : String(metadata[key]))
  const apiKey = text('apiKey')
  const secret = text('signatureSecret')
  const issuer = text('oidcIssuer')
  const audience = text('oidcAudience')
  if (apiKey === undefined && secret === undefined && issuer === undefined) {
    throw fault(
      'configuration',
      `${name} would take what anybody sends: give it an apiKey, a signatureSecret or an oidcIssuer.`,
    )
  }
  if (issuer !== undefined && audience === undefined) {
    throw fault(
      'configuration',
      `${name} needs oidcAudience: else a token that is for another system would be taken.`,
    )
  }
  let keys: Promise<JWTVerifyGetKey> | undefined
  const issuerKeys = (signal: AbortSignal) => {
    keys ??= fetchKeys(String(issuer), host, signal)
    keys.catch(() => (keys = undefined))
    return keys
  }
  const refused = () =>
    fault('authentication', 'The sender is not known, or its signature does not fit the body.')
  return {
    ways: [
      ...(apiKey === undefined ? [] : ['key']),
      ...(secret === undefined ? [] : ['signature']),
      ...(issuer === undefined ? [] : ['token']),
    ],
    hash: secret === undefined ? undefined : () => createHmac(String(metadata.signatureAlgorithm), secret),
    async ready(signal) {
      if (issuer !== undefined) await issuerKeys(signal)
    },
    async check(headers, digest, signal) {
      if (apiKey !== undefined && !same(headers[String(metadata.apiKeyHeader).toLowerCase()] ?? '', apiKey)) {
        throw refused()
      }
      if (secret !== undefined) {
        const given = headers[String(metadata.signatureHeader).toLowerCase()] ?? ''
        // Some put the name of the hash before it: `sha256=…`.
        const bare = given.trim().replace(/^sha(?:1|256|512)=/i, '')
        const signature = Buffer.from(bare, metadata.signatureEncoding === 'base64' ? 'base64' : 'hex')
        if (!digest || signature.length !== digest.length || !timingSafeEqual(signature, digest))
          throw refused()
      }
      if (issuer !== undefined) {
        const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
        if (token === undefined) throw refused()
        const { jwtVerify } = await import('jose')
        const options = {
          issuer,
          audience: String(audience),
          algorithms: [...algorithms],
          currentDate: new Date(host.now()),
        }
        let known = await issuerKeys(signal)
        const verified = await jwtVerify(token, known, options).catch(async (error: { code?: string }) => {
          // The issuer has new keys: ask once more.
          if (error.code !== 'ERR_JWKS_NO_MATCHING_KEY') return undefined
          keys = undefined
          known = await issuerKeys(signal)
          return jwtVerify(token, known, options).catch(() => undefined)
        })
        if (!verified || verified.payload.exp === undefined) throw refused()
      }
    },
  }
}

/** No `none`, and nothing that the public key would be the secret of. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

/** In a time that does not tell how much of it was right. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

async function fetchKeys(
  issuer: string,
  { http }: ConnectorHost,
  signal: AbortSignal,
): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet } = await import('jose')
  const get = async (uri: string): Promise<{ [name: string]: unknown }> => {
    const { body } = await http.send({ method: 'GET', uri, maxBytes: 1_000_000 }, { secrets: {}, signal })
    return JSON.parse(Buffer.from(body).toString()) as { [name: string]: unknown }
  }
  try {
    const found = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    if (found.issuer !== issuer || typeof found.jwks_uri !== 'string')
      throw new Error('it says that it is another')
    return createLocalJWKSet(
      (await get(found.jwks_uri)) as unknown as Parameters<typeof createLocalJWKSet>[0],
    )
  } catch (error) {
    signal.throwIfAborted()
    throw fault('communication', `The keys of ${issuer} cannot be had: ${(error as Error).message}.`)
  }
}
