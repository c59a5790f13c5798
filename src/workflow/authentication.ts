import type { Authentication, AuthenticationPolicy } from './definition/types.ts'
import { base64 } from './encoding.ts'
import { enclosed } from './definition/enclosed.ts'
import type { Frame } from './frame.ts'
import { isObject, put, type Json, type JsonObject } from './json.ts'
import { fault } from './problem.ts'
import { expandUri } from './uri-template.ts'

const schemes = ['basic', 'bearer', 'digest', 'oauth2', 'oidc'] as const

/**
 * A policy as activities get it (dsl-reference.md, "Authentication"): one scheme, its expressions evaluated.
 * `{ <scheme>: { use: <secret> } }` stays as it is, so that the secret is read only where it is needed; that the
 * secret exists is checked here. Throws `configuration` where `use` names no policy, `authorization` (403) for a
 * secret that is not listed or missing.
 */
export function authenticationOf(frame: Frame, authentication: Authentication, place: string): JsonObject {
  const policy: AuthenticationPolicy =
    authentication.use === undefined
      ? authentication
      : frame.run.program.used('authentications', authentication.use)
  for (const scheme of schemes) {
    const properties = policy[scheme] as JsonObject | undefined
    if (!properties) continue
    if (typeof properties.use === 'string') {
      frame.requireSecret(properties.use)
      return { [scheme]: { use: properties.use } }
    }
    return { [scheme]: propertiesOf(frame, properties, `${place}/${scheme}`) }
  }
  throw fault(
    'configuration',
    `The authentication at ${frame.pointer}${place} has no scheme that is supported.`,
  )
}

/** `authority` is a URI template. */
function propertiesOf(frame: Frame, properties: JsonObject, place: string): Json {
  const filled = frame.fill(properties, place)
  if (
    !isObject(filled) ||
    typeof properties.authority !== 'string' ||
    enclosed(properties.authority) !== undefined
  ) {
    return filled
  }
  const expanded: JsonObject = { ...filled }
  put(
    expanded,
    'authority',
    expandUri(properties.authority, frame.input, `${frame.pointer}${place}/authority`),
  )
  return expanded
}

/**
 * `$authorization`: `{ scheme, parameter }` as the policy resolves. Basic and bearer are computed here; for the
 * other schemes an activity obtains the token, which is never recorded.
 */
export async function authorizationOf(frame: Frame, policy: JsonObject): Promise<Json> {
  const basic = propertiesIn(frame, policy.basic)
  if (basic) {
    const parameter = base64(`${textOf(basic.username)}:${textOf(basic.password)}`)
    return { scheme: 'Basic', parameter }
  }
  const bearer = propertiesIn(frame, policy.bearer)
  if (bearer) return { scheme: 'Bearer', parameter: textOf(bearer.token) }
  return frame.activity({ kind: 'authorize', input: policy, secret: true }, '/authorization')
}

/** What a secret-based policy holds is in the secret. */
function propertiesIn(frame: Frame, properties: Json | undefined): JsonObject | undefined {
  if (!isObject(properties)) return undefined
  if (typeof properties.use !== 'string') return properties
  const secret = frame.run.secret(properties.use)
  if (!isObject(secret))
    throw fault('authentication', `The secret '${properties.use}' must be a map of the scheme's properties.`)
  return secret
}

function textOf(value: Json | undefined): string {
  return value === undefined || value === null
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value)
}
