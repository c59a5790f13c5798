import { isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import { shown } from '../input.ts'
import type { OpenDocument } from './documents.ts'
import { items, type Located } from './references.ts'

/** An operation as it is called, whichever version of OpenAPI describes it. */
export interface Operation {
  readonly method: string
  /** Absolute, without a slash at the end. */
  readonly server: string
  /** Templated: `/pet/{petId}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Body | undefined
  /** Media types that it answers with. */
  readonly produces: readonly string[]
  /** Alternatives; one of them, with all its schemes, must be met. Empty: none is asked for. */
  readonly security: readonly (readonly SecurityScheme[])[]
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly required: boolean
  readonly style: Style
  readonly explode: boolean
  readonly allowReserved: boolean
  /** Its value goes as one text of JSON. */
  readonly json: boolean
  readonly fallback: Json | undefined
}

export type Style =
  'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'tabDelimited' | 'deepObject'

export interface Body {
  /** A name under which the whole body is given: of a Swagger 2.0 body parameter. `body` always is one. */
  readonly name: string | undefined
  readonly required: boolean
  readonly mediaType: string
  /** Properties that are known, by which the body can be given piece by piece. */
  readonly fields: ReadonlyMap<string, Field>
  /** Whether it may have properties beside those. */
  readonly open: boolean
}

export interface Field {
  readonly required: boolean
  /** Base64 in the call, bytes on the wire. */
  readonly binary: boolean
  readonly contentType: string | undefined
}

export interface SecurityScheme {
  readonly key: string
  /** `apiKey` alone has a place of its own; all others go into `Authorization`. */
  readonly apiKey: { readonly name: string; readonly in: 'query' | 'header' | 'cookie' } | undefined
}

/** What both versions are read from. */
export interface Found {
  readonly document: OpenDocument
  readonly root: Located<JsonObject>
  readonly pathItem: Located<JsonObject>
  readonly operation: Located<JsonObject>
  readonly method: string
  readonly path: string
}

/** Parameters of the path and the operation; the operation's come before those of the same name and place. */
export async function declaredParameters({ pathItem, operation }: Found): Promise<Located<JsonObject>[]> {
  const all = [...(await items(pathItem, 'parameters')), ...(await items(operation, 'parameters'))]
  return [
    ...new Map(all.map((each) => [`${shown(each.value['in'])} ${shown(each.value['name'])}`, each])).values(),
  ]
}

/** The schemes of each alternative of `security`, the operation's own or the document's. */
export function securityOf({ root, operation }: Found, schemes: Json | undefined): SecurityScheme[][] {
  const wanted = operation.value['security'] ?? root.value['security']
  if (!Array.isArray(wanted)) return []
  return wanted.filter(isObject).map((alternative) =>
    Object.keys(alternative).map((key) => {
      const scheme = isObject(schemes) ? schemes[key] : undefined
      return { key, apiKey: isObject(scheme) ? apiKeyOf(scheme) : undefined }
    }),
  )
}

function apiKeyOf(scheme: JsonObject): SecurityScheme['apiKey'] {
  const { type, name, in: place } = scheme
  return type === 'apiKey' &&
    typeof name === 'string' &&
    (place === 'query' || place === 'header' || place === 'cookie')
    ? { name, in: place }
    : undefined
}

/** JSON first, then forms, then whatever comes first. */
export function preferredType(types: readonly string[]): string | undefined {
  const preferences = [
    /^application\/json\b/i,
    /[/+]json\b/i,
    /^application\/x-www-form-urlencoded/i,
    /^multipart\/form-data/i,
  ]
  for (const preference of preferences) {
    const found = types.find((type) => preference.test(type))
    if (found !== undefined) return found
  }
  // A range such as */* leaves it to us.
  return types.length === 0 ? undefined : (types.find((type) => !type.includes('*')) ?? 'application/json')
}
