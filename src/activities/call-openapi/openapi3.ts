import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import { shown } from '../input.ts'
import {
  type Body,
  declaredParameters,
  type Found,
  type Operation,
  type Parameter,
  preferredType,
  securityOf,
  type Style,
} from './operation.ts'
import { type Located, member, resolvedObject } from './references.ts'
import { fieldsOf } from './schemas.ts'

/** Reads an operation of OpenAPI 3.0 to 3.2. */
export async function operationOfOpenApi3(found: Found): Promise<Operation> {
  const declared = await declaredParameters(found)
  const components = found.root.value['components']
  return {
    method: found.method,
    path: found.path,
    server: serverOf(found),
    parameters: declared.flatMap(({ value }) => parameterOf(value)),
    body: await bodyOf(found.operation),
    produces: await producesOf(found.operation),
    security: securityOf(found, isObject(components) ? components['securitySchemes'] : undefined),
  }
}

/** `Accept`, `Content-Type` and `Authorization` are not parameters, whatever is declared (section 4.8.12). */
const notParameters = new Set(['accept', 'content-type', 'authorization'])

function parameterOf(declared: JsonObject): Parameter[] {
  const { name, in: place } = declared
  if (typeof name !== 'string')
    throw fault('configuration', 'The API description has a parameter without a name.')
  if (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'cookie') return []
  if (place === 'header' && notParameters.has(name.toLowerCase())) return []
  const otherwise = place === 'query' || place === 'cookie' ? 'form' : 'simple'
  const style = (declared['style'] ?? otherwise) as Style
  const schema = declared['schema']
  return [
    {
      name,
      in: place,
      required: place === 'path' || declared['required'] === true,
      style,
      explode: typeof declared['explode'] === 'boolean' ? declared['explode'] : style === 'form',
      allowReserved: declared['allowReserved'] === true,
      json: isObject(declared['content']),
      fallback: isObject(schema) ? schema['default'] : undefined,
    },
  ]
}

async function bodyOf(operation: Located<JsonObject>): Promise<Body | undefined> {
  const declared = member(operation, 'requestBody')
  if (!declared) return undefined
  const body = await resolvedObject(declared, 'request body')
  const content = await resolvedObject(
    member(body, 'content') ?? { value: {}, document: body.document },
    'content',
  )
  const mediaType = preferredType(Object.keys(content.value))
  if (mediaType === undefined) return undefined
  const described = member(content, mediaType) ?? member(content, Object.keys(content.value)[0] ?? '')
  const media = await resolvedObject(described ?? { value: {}, document: body.document }, 'media type')
  const encoding = media.value['encoding']
  return {
    name: undefined,
    required: body.value['required'] === true,
    mediaType,
    ...(await fieldsOf(member(media, 'schema'), isObject(encoding) ? encoding : undefined)),
  }
}

async function producesOf(operation: Located<JsonObject>): Promise<string[]> {
  const responses = member(operation, 'responses')
  if (!responses || !isObject(responses.value)) return []
  const types = new Set<string>()
  for (const [status, value] of Object.entries(responses.value)) {
    if (!/^(2|default)/.test(status)) continue
    const response = await resolvedObject({ value, document: responses.document }, `response ${status}`)
    const content = response.value['content']
    if (isObject(content)) for (const type of Object.keys(content)) types.add(type)
  }
  return [...types]
}

/** The first server of the operation, the path or the document; variables have their defaults. */
function serverOf({ document, root, pathItem, operation }: Found): string {
  const servers: Json[] = [operation, pathItem, root].map(({ value }) => value['servers']).find(isFilled) ?? [
    { url: '/' },
  ]
  const [server] = servers
  if (!isObject(server) || typeof server['url'] !== 'string') {
    throw fault('configuration', 'The API description has a server without an address.')
  }
  const variables = isObject(server['variables']) ? server['variables'] : {}
  const url = server['url'].replace(/\{([^{}]+)\}/g, (_whole, name: string) => {
    const variable = variables[name]
    const value = isObject(variable) ? variable['default'] : undefined
    if (value === undefined)
      throw fault('configuration', `The server variable '${name}' of the API description has no default.`)
    return shown(value)
  })
  return absoluteServer(url, document.uri)
}

const isFilled = (value: Json | undefined): value is Json[] => Array.isArray(value) && value.length > 0

/** A relative server is relative to where the document was read. */
export function absoluteServer(url: string, documentUri: string): string {
  try {
    return new URL(url, /^https?:/i.test(documentUri) ? documentUri : undefined).href.replace(/\/+$/, '')
  } catch {
    throw fault(
      'configuration',
      `The server ${JSON.stringify(url)} of the API description is relative, and the description was not read over HTTP.`,
    )
  }
}
