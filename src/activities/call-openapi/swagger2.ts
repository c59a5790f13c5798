import { fault, type Json, type JsonObject } from '../../workflow/index.ts'
import { shown } from '../input.ts'
import { absoluteServer } from './openapi3.ts'
import {
  type Body,
  declaredParameters,
  type Field,
  type Found,
  type Operation,
  type Parameter,
  preferredType,
  securityOf,
  type Style,
} from './operation.ts'
import { type Located, member } from './references.ts'
import { fieldsOf } from './schemas.ts'

/** Reads an operation of Swagger (OpenAPI) 2.0. */
export async function operationOfSwagger2(found: Found): Promise<Operation> {
  const declared = await declaredParameters(found)
  const { operation, root } = found
  return {
    method: found.method,
    path: found.path,
    server: serverOf(found),
    parameters: declared.flatMap(({ value }) => parameterOf(value)),
    body: await bodyOf(declared, texts(operation.value['consumes'] ?? root.value['consumes'])),
    produces: texts(operation.value['produces'] ?? root.value['produces']),
    security: securityOf(found, root.value['securityDefinitions']),
  }
}

function parameterOf(declared: JsonObject): Parameter[] {
  const { name, in: place } = declared
  if (typeof name !== 'string')
    throw fault('configuration', 'The API description has a parameter without a name.')
  if (place !== 'path' && place !== 'query' && place !== 'header') return []
  const format = declared['collectionFormat'] ?? 'csv'
  const style: Style = place !== 'query' ? 'simple' : (styles[shown(format)] ?? 'form')
  return [
    {
      name,
      in: place,
      required: place === 'path' || declared['required'] === true,
      style,
      explode: format === 'multi',
      allowReserved: false,
      json: false,
      fallback: declared['default'],
    },
  ]
}

const styles: { readonly [collectionFormat: string]: Style } = {
  csv: 'form',
  ssv: 'spaceDelimited',
  tsv: 'tabDelimited',
  pipes: 'pipeDelimited',
  multi: 'form',
}

async function bodyOf(
  declared: readonly Located<JsonObject>[],
  consumes: readonly string[],
): Promise<Body | undefined> {
  const whole = declared.find(({ value }) => value['in'] === 'body')
  if (whole) {
    return {
      name: shown(whole.value['name']),
      required: whole.value['required'] === true,
      mediaType: preferredType(consumes) ?? 'application/json',
      ...(await fieldsOf(member(whole, 'schema'))),
    }
  }
  const form = declared.map(({ value }) => value).filter((value) => value['in'] === 'formData')
  if (form.length === 0) return undefined
  const fields = new Map<string, Field>(
    form.map((value) => [
      shown(value['name']),
      { required: value['required'] === true, binary: value['type'] === 'file', contentType: undefined },
    ]),
  )
  const multipart =
    form.some(({ type }) => type === 'file') || consumes.every((type) => type.startsWith('multipart/'))
  return {
    name: undefined,
    required: [...fields.values()].some(({ required }) => required),
    mediaType:
      multipart && (consumes.length > 0 || hasFile(fields))
        ? 'multipart/form-data'
        : 'application/x-www-form-urlencoded',
    fields,
    open: false,
  }
}

const hasFile = (fields: ReadonlyMap<string, Field>) => [...fields.values()].some(({ binary }) => binary)

/** `schemes`, `host` and `basePath`; what is missing is as where the document was read. HTTPS before HTTP. */
function serverOf({ root, document, operation }: Found): string {
  const { host, basePath } = root.value
  const schemes = texts(operation.value['schemes'] ?? root.value['schemes'])
  const web = schemes.filter((scheme) => scheme === 'https' || scheme === 'http')
  if (schemes.length > 0 && web.length === 0) {
    throw fault('configuration', `The operation is offered over ${schemes.join(', ')} alone, not over HTTP.`)
  }
  const path = typeof basePath === 'string' ? basePath : '/'
  const origin = new URL(absoluteServer(typeof host === 'string' ? `http://${host}` : '/', document.uri))
  const readOver = /^https?:/i.test(document.uri) ? new URL(document.uri).protocol : 'https:'
  const protocol = web.includes('https') ? 'https:' : web.includes('http') ? 'http:' : readOver
  return `${protocol}//${origin.host}${path}`.replace(/\/+$/, '')
}

const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
