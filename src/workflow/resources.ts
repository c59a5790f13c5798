import { endpointOf } from './endpoints.ts'
import { defaultLimits } from './definition/text/limits.ts'
import { readSource } from './definition/text/source.ts'
import type { ExternalResource } from './definition/types.ts'
import type { Frame } from './frame.ts'
import { isObject, type Json } from './json.ts'
import { fault } from './problem.ts'

const known = new Map<string, Json>()
const most = 100
/** UTF-16 units: a longer text is read again each time. */
const longest = 1_000_000

/** A JSON or YAML document that lies elsewhere (dsl-reference.md, "External Resource"), such as a schema. */
export async function loadResource(frame: Frame, resource: ExternalResource, place: string): Promise<Json> {
  const endpoint = endpointOf(frame, resource.endpoint, `${place}/resource/endpoint`)
  const result = await frame.activity({ kind: 'resource', input: { endpoint } }, place)
  const content = isObject(result) ? result.content : undefined
  if (typeof content !== 'string')
    throw fault('runtime', `The resource ${endpoint.uri} came without content.`)
  return known.get(content) ?? keep(content, parse(content, endpoint.uri))
}

/** The same text gives the same object, so that what is made of it can be kept with it. */
function keep(content: string, value: Json): Json {
  if (content.length > longest) return value
  if (known.size >= most) known.delete(known.keys().next().value as string)
  known.set(content, value)
  return value
}

function parse(content: string, uri: string): Json {
  try {
    return JSON.parse(content) as Json
  } catch {
    const { source, faults } = readSource(content, 'yaml', defaultLimits)
    if (source) return source.value
    throw fault(
      'configuration',
      `The resource ${uri} is neither JSON nor YAML: ${faults[0]?.message ?? 'it is empty'}`,
    )
  }
}
