/** The part of JSON Schema that a form is made from; whatever else a schema says, the server checks. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

export type FieldKind = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'object' | 'json'

/** What a value is entered with. What no field is made for is entered as JSON. */
export function kindOf(schema: Schema): FieldKind {
  if (schema.enum) return 'choice'
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  const [type] = types.filter((each) => each !== 'null')
  switch (type) {
    case 'string':
      return 'text'
    case 'number':
    case 'integer':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'array':
      return schema.items && ['text', 'number', 'choice'].includes(kindOf(schema.items)) ? 'list' : 'json'
    case 'object':
      return schema.properties ? 'object' : 'json'
    default:
      return schema.properties ? 'object' : 'json'
  }
}

/** What a new value begins with: the defaults that the schema gives. */
export function initialOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default
  if (schema.const !== undefined) return schema.const
  if (kindOf(schema) !== 'object') return undefined
  const entries = Object.entries(schema.properties ?? {}).map(
    ([name, each]) => [name, initialOf(each)] as const,
  )
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** Whether a form can be made of it at all: of a map with named members. */
export function isFormSchema(schema: unknown): schema is Schema {
  return typeof schema === 'object' && schema !== null && kindOf(schema) === 'object'
}
