import { isObject, type JsonObject } from '../../workflow/index.ts'
import type { Field } from './operation.ts'
import { items, type Located, member, resolved } from './references.ts'

/** The properties of a body's schema, `allOf` included, and whether others may stand beside them. */
export async function fieldsOf(
  schema: Located | undefined,
  encoding?: JsonObject,
): Promise<{ fields: Map<string, Field>; open: boolean }> {
  const fields = new Map<string, Field>()
  const open = schema === undefined ? true : await collect(schema, fields, encoding, new Set())
  return { fields, open: open || fields.size === 0 }
}

async function collect(
  from: Located,
  fields: Map<string, Field>,
  encoding: JsonObject | undefined,
  seen: Set<JsonObject>,
): Promise<boolean> {
  const { value: schema, document } = await resolved(from)
  if (!isObject(schema)) return true
  // Each schema counts once, however often and in whatever circle it is referred to.
  if (seen.has(schema)) return false
  seen.add(schema)
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  for (const [name, value] of Object.entries(properties)) {
    const property = (await resolved({ value, document })).value
    const described = isObject(property) ? property : {}
    const part = encoding?.[name]
    fields.set(name, {
      required: required.includes(name),
      binary: isBinary(described),
      contentType:
        isObject(part) && typeof part['contentType'] === 'string' ? part['contentType'] : undefined,
    })
  }
  const located = { value: schema, document }
  let open = schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false
  for (const each of await items(located, 'allOf')) {
    open = (await collect(each, fields, encoding, seen)) || open
  }
  // Which of several it will be is not known here: then anything goes.
  return open || member(located, 'oneOf') !== undefined || member(located, 'anyOf') !== undefined
}

/** Bytes: `format: binary` (3.0), `type: file` (2.0), a media type without an encoding (3.1), or a list of such. */
function isBinary(schema: JsonObject): boolean {
  const inner = schema['items']
  if (schema['type'] === 'array' && isObject(inner)) return isBinary(inner)
  return (
    schema['format'] === 'binary' ||
    schema['type'] === 'file' ||
    (schema['contentMediaType'] === 'application/octet-stream' && schema['contentEncoding'] === undefined)
  )
}
