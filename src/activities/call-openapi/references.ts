import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { OpenDocument } from './documents.ts'

/** A value and the document that it stands in, to which its references are relative. */
export interface Located<T extends Json = Json> {
  readonly value: T
  readonly document: OpenDocument
}

/** Longest chain of references to references. */
const mostHops = 50

/** The value, or what it refers to (`$ref`, RFC 6901), through as many references as it takes. */
export async function resolved(from: Located): Promise<Located> {
  let { value, document } = from
  for (let hops = 0; isObject(value) && typeof value['$ref'] === 'string'; hops += 1) {
    const reference = value['$ref']
    if (hops === mostHops)
      throw fault(
        'configuration',
        `The reference ${reference} of the API description leads round in a circle.`,
      )
    const [address = '', fragment = ''] = reference.split('#', 2)
    if (address !== '') document = await document.open(address)
    value = pointed(document.root, fragment, reference)
  }
  return { value, document }
}

/** As `resolved`, where nothing but an object will do. */
export async function resolvedObject(from: Located, what: string): Promise<Located<JsonObject>> {
  const { value, document } = await resolved(from)
  if (!isObject(value)) throw fault('configuration', `The API description has no ${what} that is an object.`)
  return { value, document }
}

/** A member, in its document; `undefined` where there is none. */
export function member({ value, document }: Located<JsonObject>, name: string): Located | undefined {
  const found = Object.hasOwn(value, name) ? value[name] : undefined
  return found === undefined ? undefined : { value: found, document }
}

/** The items of a member that is a list, each resolved to an object. */
export async function items(from: Located<JsonObject>, name: string): Promise<Located<JsonObject>[]> {
  const list = from.value[name]
  if (!Array.isArray(list)) return []
  return Promise.all(
    list.map((value) => resolvedObject({ value, document: from.document }, `item of '${name}'`)),
  )
}

function pointed(root: Json, fragment: string, reference: string): Json {
  if (fragment !== '' && !fragment.startsWith('/')) {
    throw fault(
      'configuration',
      `The reference ${reference} of the API description is no JSON pointer, which alone is supported.`,
    )
  }
  let value: Json | undefined = root
  for (const step of fragment.split('/').slice(1)) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) value = /^\d+$/.test(name) ? value[Number(name)] : undefined
    else value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
    if (value === undefined)
      throw fault('configuration', `The reference ${reference} of the API description leads nowhere.`)
  }
  return value
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
