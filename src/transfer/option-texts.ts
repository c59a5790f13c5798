import { isObject, type Json, type JsonObject } from '../workflow/index.ts'

/** A text among the options of a connection. */
export interface OptionText {
  /** JSON pointer in the options. */
  readonly pointer: string
  readonly text: string
  /** What it is for; nothing where the schema leaves that open, as of data. */
  readonly schema: JsonObject | undefined
}

/** Every text that there is in `value`, with the schema of its place. */
export function* textsIn(value: Json, schema: Json | undefined, pointer = ''): Iterable<OptionText> {
  const known = isObject(schema) ? schema : undefined
  if (typeof value === 'string') yield { pointer, text: value, schema: known }
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* textsIn(item, known?.items, `${pointer}/${index}`)
  } else if (isObject(value)) {
    const { properties, additionalProperties } = known ?? {}
    for (const [name, item] of Object.entries(value)) {
      const declared = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
      yield* textsIn(item, declared ?? additionalProperties, `${pointer}/${escaped(name)}`)
    }
  }
}

/** A name as a part of a JSON pointer. */
export function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
