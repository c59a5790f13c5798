import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext } from '../activity.ts'
import type { Endpoint } from '../input.ts'

export interface Credentials {
  readonly headers: { readonly [name: string]: string }
  readonly query?: { readonly [name: string]: string }
  /** A policy for the client to carry out. */
  readonly authentication?: Json
}

/**
 * How the card's `security` is met by the authentication that the call was given with the card. A card that asks for
 * none gets it all the same, at the origin from which it came.
 */
export async function credentialsFor(
  card: JsonObject,
  source: Endpoint,
  uri: string,
  context: ActivityContext,
): Promise<Credentials> {
  const requirements = alternatives(card)
  const { authentication } = source
  if (authentication === undefined) {
    if (requirements.length === 0 || requirements.some(({ schemes }) => schemes.every(isMutualTls)))
      return { headers: {} }
    throw fault(
      'configuration',
      `The agent asks for authentication (${described(requirements)}), and the call gives none: put one beside the card's address.`,
    )
  }
  const sameOrigin = originOf(source.uri) === originOf(uri)
  if (requirements.length === 0) return sameOrigin ? { headers: {}, authentication } : { headers: {} }
  // A card could send credentials anywhere; in the clear it sends them nowhere else.
  if (!sameOrigin && !/^https:/i.test(uri)) {
    throw fault(
      'configuration',
      `The agent card leads to ${originOf(uri)}: credentials are not sent there without TLS.`,
    )
  }
  const kind = isObject(authentication) ? (Object.keys(authentication)[0] ?? '') : ''
  for (const { schemes } of requirements) {
    const open = schemes.filter((scheme) => !isMutualTls(scheme))
    if (open.length > 1 || !open.every((scheme) => suits(scheme, kind))) continue
    const [scheme] = open
    if (scheme?.['type'] === 'apiKey') return withKey(scheme, authentication, context)
    return { headers: {}, ...(scheme && { authentication }) }
  }
  throw fault(
    'configuration',
    `The agent asks for ${described(requirements)}; the call gives ${kind || 'something else'}.`,
  )
}

interface Requirement {
  readonly names: readonly string[]
  /** All of these together. */
  readonly schemes: readonly JsonObject[]
}

/** Any one of these is enough (as in OpenAPI 3). An empty one says that none is needed. */
function alternatives(card: JsonObject): readonly Requirement[] {
  const schemes = isObject(card['securitySchemes']) ? card['securitySchemes'] : {}
  const security = Array.isArray(card['security']) ? card['security'].filter(isObject) : []
  if (security.some((each) => Object.keys(each).length === 0)) return []
  return security.map((each) => {
    const names = Object.keys(each)
    return {
      names,
      schemes: names.map((name) => {
        const scheme = Object.hasOwn(schemes, name) ? schemes[name] : undefined
        if (isObject(scheme)) return scheme
        throw fault(
          'configuration',
          `The agent card asks for ${JSON.stringify(name)}, which is not among its securitySchemes.`,
        )
      }),
    }
  })
}

const isMutualTls = ({ type }: JsonObject) => type === 'mutualTLS'

/** Whether a policy of this kind gives what the scheme wants. */
function suits(scheme: JsonObject, kind: string): boolean {
  const tokens = ['bearer', 'oauth2', 'oidc']
  switch (scheme['type']) {
    case 'http': {
      const wanted = String(scheme['scheme']).toLowerCase()
      return wanted === 'bearer' ? tokens.includes(kind) : wanted === kind
    }
    case 'oauth2':
    case 'openIdConnect':
      return tokens.includes(kind)
    case 'apiKey':
      return kind === 'bearer'
    default:
      return false
  }
}

/** The specification has no policy for keys: a bearer's token is the key, sent where the scheme says. */
async function withKey(
  scheme: JsonObject,
  authentication: Json,
  context: ActivityContext,
): Promise<Credentials> {
  const { parameter } = await context.http.authorize(authentication, context)
  const name = String(scheme['name'])
  switch (scheme['in']) {
    case 'header':
      return { headers: { [name]: parameter } }
    case 'cookie':
      return { headers: { cookie: `${name}=${encodeURIComponent(parameter)}` } }
    case 'query':
      return { headers: {}, query: { [name]: parameter } }
    default:
      throw fault(
        'configuration',
        `The agent wants its key in ${JSON.stringify(scheme['in'] ?? null)}, which is nowhere.`,
      )
  }
}

const described = (requirements: readonly Requirement[]) =>
  requirements
    .map(({ names, schemes }) =>
      names.map((name, index) => `${name}: ${String(schemes[index]?.['type'])}`).join(' and '),
    )
    .join(', or ')

const originOf = (uri: string) => (URL.canParse(uri) ? new URL(uri).origin : '')
