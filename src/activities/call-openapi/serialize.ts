import { fault, isObject, type Json } from '../../workflow/index.ts'
import type { Parameter } from './operation.ts'

/** A value as it stands in the path, in the place of `{name}` (OpenAPI 3.1, section 4.8.12.6; RFC 6570). */
export function inPath(parameter: Parameter, value: Json): string {
  const { name, style, explode } = parameter
  if (parameter.json) return encode(JSON.stringify(value))
  const pairs = pairsOf(value, parameter)
  switch (style) {
    case 'label':
      return `.${flat(pairs, explode ? '.' : ',', explode)}`
    case 'matrix': {
      if (!explode) return matrix(name, flat(pairs, ',', false))
      return pairs.map(([key, text]) => matrix(key ?? name, text)).join('')
    }
    default:
      return flat(pairs, ',', explode)
  }

  function matrix(key: string, text: string): string {
    return text === '' ? `;${encode(key)}` : `;${encode(key)}=${text}`
  }
}

/** A value as `name=value` pairs of the query, encoded, without `&` or `?` around them. */
export function inQuery(parameter: Parameter, value: Json): string[] {
  const { name, style, explode } = parameter
  const key = encode(name)
  if (parameter.json) return [`${key}=${encode(JSON.stringify(value))}`]
  if (style === 'deepObject')
    return deep(name, value).map(([path, text]) => `${encode(path)}=${encode(text)}`)
  const pairs = pairsOf(value, parameter)
  if (explode) return pairs.map(([inner, text]) => `${inner === undefined ? key : encode(inner)}=${text}`)
  return [`${key}=${flat(pairs, delimiters[style] ?? ',', false)}`]
}

/** A value as the text of a header: nothing is percent-encoded there. */
export function inHeader(parameter: Parameter, value: Json): string {
  if (parameter.json) return JSON.stringify(value)
  return flat(
    pairsOf(value, parameter, (text) => text),
    ',',
    parameter.explode,
  )
}

/** A value as it stands in `Cookie`: `name=value`. */
export function inCookie(parameter: Parameter, value: Json): string {
  return inQuery({ ...parameter, style: 'form' }, value).join('&')
}

const delimiters: { readonly [style: string]: string } = {
  spaceDelimited: '%20',
  pipeDelimited: '%7C',
  tabDelimited: '%09',
}

/** Items and members, encoded: `[undefined, item]` of a list or for a scalar, `[name, value]` of an object. */
function pairsOf(
  value: Json,
  { name, allowReserved }: Parameter,
  escape = allowReserved ? encodeReserved : encode,
): [key: string | undefined, text: string][] {
  if (Array.isArray(value)) return value.map((each) => [undefined, escape(scalar(each, name))])
  if (isObject(value)) return Object.entries(value).map(([key, each]) => [key, escape(scalar(each, name))])
  return [[undefined, escape(scalar(value, name))]]
}

/** Joined to one text: members as `key=value` where exploded, else as `key,value`. */
function flat(pairs: readonly [string | undefined, string][], joint: string, explode: boolean): string {
  return pairs
    .map(([key, text]) => (key === undefined ? text : `${encode(key)}${explode ? '=' : joint}${text}`))
    .join(joint)
}

function deep(path: string, value: Json): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((each) => deep(path, each))
  if (isObject(value)) return Object.entries(value).flatMap(([key, each]) => deep(`${path}[${key}]`, each))
  return value === null ? [] : [[path, String(value)]]
}

function scalar(value: Json, name: string): string {
  if (typeof value === 'object' && value !== null) {
    throw fault('validation', `The parameter '${name}' is nested deeper than its style can say.`)
  }
  return value === null ? '' : String(value)
}

const encode = (text: string) =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** `allowReserved`: as it is, but for what would end the value or the query. */
const encodeReserved = (text: string) => encodeURI(text).replace(/[&#+]/g, (c) => encodeURIComponent(c))
