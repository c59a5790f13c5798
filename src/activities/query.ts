import { fault, type Json, type JsonObject } from '../workflow/index.ts'

/**
 * The address with `query` added to what it has already. A list is repeated (`a=1&a=2`), `null` is left out.
 * Everything outside RFC 3986's unreserved set is percent-encoded as UTF-8.
 */
export function withQuery(uri: string, query: JsonObject | undefined): string {
  const added = Object.entries(query ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== null)
      .map((each) => `${encode(name)}=${encode(scalar(name, each))}`),
  )
  if (added.length === 0) return uri
  const [beforeFragment = ''] = uri.split('#')
  const joint = !beforeFragment.includes('?') ? '?' : /[?&]$/.test(beforeFragment) ? '' : '&'
  return beforeFragment + joint + added.join('&')
}

function scalar(name: string, value: Json): string {
  if (typeof value !== 'object') return String(value)
  throw fault(
    'validation',
    `The query parameter '${name}' is an object: give a text, a number or a list of them.`,
  )
}

const encode = (text: string) =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
