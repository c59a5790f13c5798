import { authenticationOf } from './authentication.ts'
import { enclosed } from './definition/enclosed.ts'
import type { Endpoint } from './definition/types.ts'
import { unfit } from './expressions.ts'
import type { Frame } from './frame.ts'
import type { Json, JsonObject } from './json.ts'
import { expandUri } from './uri-template.ts'

/**
 * An endpoint as activities get it (dsl-reference.md, "Endpoint"): `{ uri, authentication? }`, the URI template
 * expanded or the expression evaluated, and a policy named in `use` put in its place.
 */
export function endpointOf(frame: Frame, endpoint: Endpoint, place: string): Address {
  if (typeof endpoint === 'string') return { uri: uriOf(frame, endpoint, place) }
  const uri = uriOf(frame, endpoint.uri, `${place}/uri`)
  if (endpoint.authentication === undefined) return { uri }
  return { uri, authentication: authenticationOf(frame, endpoint.authentication, `${place}/authentication`) }
}

export type Address = { uri: string; authentication?: JsonObject }

/** What an expression gives is taken as it is: only the definition's own text is a template. */
export function uriOf(frame: Frame, uri: string, place: string): string {
  if (enclosed(uri) === undefined && frame.mode === 'strict')
    return expandUri(uri, frame.input, frame.pointer + place)
  const value: Json = frame.fill(uri, place)
  if (typeof value !== 'string') throw unfit(frame.pointer + place, 'a URI', value)
  return value === uri ? expandUri(uri, frame.input, frame.pointer + place) : value
}
