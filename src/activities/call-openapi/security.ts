import type { Json, JsonObject } from '../../workflow/index.ts'
import type { ActivityContext } from '../activity.ts'
import { shown } from '../input.ts'
import type { Operation, SecurityScheme } from './operation.ts'

type ApiKey = NonNullable<SecurityScheme['apiKey']>

/** Names under which keys may be given among the parameters: a scheme's own, or that of its header or field. */
export function keyNames({ security }: Operation): Map<string, ApiKey> {
  const names = new Map<string, ApiKey>()
  for (const { key, apiKey } of security.flat()) {
    if (!apiKey) continue
    names.set(key, apiKey)
    names.set(apiKey.name, apiKey)
  }
  return names
}

/**
 * What the call adds for security. `authentication` of the task goes into `Authorization`, whatever scheme the
 * description names; but where it asks for an API key and nothing else, a bearer token is that key.
 */
export async function secured(
  operation: Operation,
  authentication: Json | undefined,
  given: JsonObject,
  context: ActivityContext,
): Promise<{ authentication?: Json; keys: { place: ApiKey; value: string }[] }> {
  const names = keyNames(operation)
  const keys = Object.entries(given).flatMap(([name, value]) => {
    const place = names.get(name)
    return place ? [{ place, value: shown(value) }] : []
  })
  if (authentication === undefined) return { keys }
  const alternatives = operation.security.filter((alternative) => alternative.length > 0)
  const onlyKeys =
    alternatives.length > 0 && alternatives.every((schemes) => schemes.every(({ apiKey }) => apiKey))
  const [first] = alternatives[0] ?? []
  if (!onlyKeys || !first?.apiKey || keys.length > 0) return { authentication, keys }
  const { scheme, parameter } = await context.http.authorize(authentication, context)
  if (scheme !== 'Bearer') return { authentication, keys }
  return { keys: [{ place: first.apiKey, value: parameter }] }
}
