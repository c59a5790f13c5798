import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import {
  base64,
  encodeBody,
  encodeForm,
  encodeMultipart,
  type EncodedBody,
  multipartParts,
  type Part,
} from '../http-body.ts'
import type { Body, Operation, Parameter } from './operation.ts'
import { inCookie, inHeader, inPath, inQuery } from './serialize.ts'

export interface BuiltRequest {
  uri: string
  headers: { [name: string]: string }
  body: EncodedBody | undefined
  /** What was given beside parameters and body: keys of security schemes, by name. */
  rest: JsonObject
}

/**
 * Puts named values where the operation says. A value goes to every parameter of its name; what is no parameter
 * belongs to the body: as a whole under `body` (or a Swagger 2.0 body parameter's name), else as its properties.
 * Throws `validation` where a required one is missing, or a name means nothing to the operation.
 */
export function buildRequest(
  operation: Operation,
  given: JsonObject,
  extra: ReadonlySet<string>,
): BuiltRequest {
  const left = new Map(Object.entries(given).filter(([, value]) => value !== null))
  const used = new Set<string>()
  const take = ({ name, required, fallback, in: place }: Parameter): Json | undefined => {
    const key = left.has(name)
      ? name
      : place === 'header'
        ? [...left.keys()].find((each) => each.toLowerCase() === name.toLowerCase())
        : undefined
    if (key !== undefined) used.add(key)
    const value = key === undefined ? undefined : left.get(key)
    if (value !== undefined || !required) return value
    if (fallback !== undefined && fallback !== null) return fallback
    throw fault('validation', `The operation needs the parameter '${name}' (${place}).`)
  }

  let path = operation.path
  const query: string[] = []
  const cookies: string[] = []
  const headers: { [name: string]: string } = {}
  for (const parameter of operation.parameters) {
    const value = take(parameter)
    if (value === undefined) continue
    if (parameter.in === 'path') path = path.replaceAll(`{${parameter.name}}`, () => inPath(parameter, value))
    else if (parameter.in === 'query') query.push(...inQuery(parameter, value))
    else if (parameter.in === 'cookie') cookies.push(inCookie(parameter, value))
    else headers[parameter.name.toLowerCase()] = inHeader(parameter, value)
  }
  checkPath(path)
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ')
  for (const name of used) left.delete(name)

  const rest = pick(left, extra)
  const body = bodyOf(operation.body, left)
  if (body) headers['content-type'] = body.contentType
  if (operation.produces.length > 0) headers['accept'] = acceptOf(operation.produces)
  const joint = path.includes('?') ? '&' : '?'
  return {
    uri: operation.server + path + (query.length > 0 ? joint + query.join('&') : ''),
    headers,
    body,
    rest,
  }
}

/** A value that is `..` would call another path than the one described. */
function checkPath(path: string): void {
  const missing = /\{([^{}]+)\}/.exec(path)?.[1]
  if (missing !== undefined)
    throw fault('validation', `The operation needs the parameter '${missing}' (path).`)
  if (path.split(/[/?]/).some((step) => /^(\.|%2e){1,2}$/i.test(step))) {
    throw fault('validation', "A path parameter cannot be '.' or '..'.")
  }
}

function pick(left: Map<string, Json>, names: ReadonlySet<string>): JsonObject {
  const picked: JsonObject = {}
  for (const [name, value] of [...left]) {
    if (!names.has(name)) continue
    picked[name] = value
    left.delete(name)
  }
  return picked
}

function bodyOf(body: Body | undefined, left: Map<string, Json>): EncodedBody | undefined {
  if (!body) {
    const [unknown] = left.keys()
    if (unknown !== undefined) throw fault('validation', `The operation has no parameter '${unknown}'.`)
    return undefined
  }
  const name =
    body.name !== undefined && left.has(body.name) ? body.name : body.fields.has('body') ? undefined : 'body'
  const whole = name === undefined ? undefined : left.get(name)
  if (name !== undefined && whole !== undefined) {
    const [other] = [...left.keys()].filter((each) => each !== name)
    if (other !== undefined)
      throw fault(
        'validation',
        `The body is given whole as '${name}'; then there is no place for '${other}'.`,
      )
    return encode(body, whole)
  }
  if (left.size === 0) {
    if (body.required)
      throw fault(
        'validation',
        `The operation needs a body: give it as '${body.name ?? 'body'}', or its properties by name.`,
      )
    return undefined
  }
  for (const [field, { required }] of body.fields) {
    if (required && !left.has(field)) throw fault('validation', `The body of the operation needs '${field}'.`)
  }
  for (const field of left.keys()) {
    if (!body.open && !body.fields.has(field)) {
      throw fault(
        'validation',
        `The operation has no parameter '${field}', and its body no property of that name.`,
      )
    }
  }
  return encode(body, Object.fromEntries(left))
}

function encode(body: Body, value: Json): EncodedBody {
  const { mediaType } = body
  if (/^multipart\//i.test(mediaType) && isObject(value)) {
    return encodeMultipart(Object.entries(value).flatMap(([name, each]) => parts(body, name, each)))
  }
  if (/^application\/x-www-form-urlencoded/i.test(mediaType) && isObject(value)) {
    return { body: encodeForm(value), contentType: mediaType }
  }
  if (/^application\/octet-stream|^(image|audio|video)\//i.test(mediaType) && typeof value === 'string') {
    return { body: base64(value, 'body'), contentType: mediaType }
  }
  // A text as JSON is a JSON string: here the type is the description's, not the author's who wrote JSON out.
  if (/[/+]json\b/i.test(mediaType)) return { body: JSON.stringify(value), contentType: mediaType }
  return encodeBody(value, mediaType)
}

function parts(body: Body, name: string, value: Json): Part[] {
  const field = body.fields.get(name)
  if (field?.binary && Array.isArray(value)) return value.flatMap((each) => parts(body, name, each))
  if (field?.binary && typeof value === 'string') {
    const contentType = field.contentType?.split(',')[0]?.trim() ?? 'application/octet-stream'
    return [{ name, filename: name, value: base64(value, name), contentType }]
  }
  return multipartParts(name, value).map((part) => ({
    ...part,
    ...(field?.contentType !== undefined && !part.filename && { contentType: field.contentType }),
  }))
}

const acceptOf = (types: readonly string[]) =>
  [...types]
    .sort((a, b) => Number(/json/i.test(b)) - Number(/json/i.test(a)))
    .slice(0, 10)
    .join(', ')
