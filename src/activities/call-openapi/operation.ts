import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import { shown } from '../input.ts'
import type { OpenDocument } from './documents.ts'
import { operationOfOpenApi3 } from './openapi3.ts'
import { items, type Located, member, resolvedObject } from './references.ts'
import { operationOfSwagger2 } from './swagger2.ts'

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

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']

/** Finds an operation by its id. Throws `configuration` where there is none, or the document is no OpenAPI. */
export async function findOperation(document: OpenDocument, operationId: string): Promise<Operation> {
  const root = await resolvedObject({ value: document.root, document }, 'content')
  const { swagger, openapi } = root.value
  const version = typeof openapi === 'string' ? openapi : swagger === undefined ? '' : shown(swagger)
  // YAML reads an unquoted 2.0 as the number 2.
  const reader = /^3\.[012]/.test(version)
    ? operationOfOpenApi3
    : /^2(\.0)?$/.test(version)
      ? operationOfSwagger2
      : undefined
  if (!reader) {
    throw fault(
      'configuration',
      version
        ? `OpenAPI ${version} is not supported: 2.0, 3.0, 3.1 and 3.2 are.`
        : 'The document is not an OpenAPI description.',
    )
  }
  const known: string[] = []
  const paths = member(root, 'paths')
  for (const [path, value] of Object.entries(isObject(paths?.value) ? paths.value : {})) {
    if (!path.startsWith('/')) continue
    const pathItem = await resolvedObject({ value, document }, `path '${path}'`)
    for (const method of methods) {
      const operation = pathItem.value[method]
      if (!isObject(operation)) continue
      const id = operation['operationId']
      if (id === operationId) {
        return reader({
          document,
          root,
          pathItem,
          operation: { value: operation, document: pathItem.document },
          method: method.toUpperCase(),
          path,
        })
      }
      if (typeof id === 'string') known.push(id)
    }
  }
  const some = known.slice(0, 10).join(', ') + (known.length > 10 ? ', …' : '')
  throw fault(
    'configuration',
    `The API description has no operation '${operationId}'. It has: ${some || 'none'}.`,
  )
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
