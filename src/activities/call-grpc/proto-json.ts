import protobuf, { type Field, type MapField, type Type } from 'protobufjs'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import { scalarFromJson, scalarToJson } from './scalars.ts'
import { wellKnown } from './well-known.ts'

/**
 * Messages as JSON and back by the JSON mapping of Protocol Buffers (protobuf.dev/programming-guides/json):
 * lowerCamelCase names (either form is taken), 64-bit integers as texts, bytes as Base64, enumerations by name.
 * Fields without presence are always there, with their default, so that a pipeline need not ask whether they are.
 */
export function fromJson(type: Type, json: Json): Uint8Array {
  return type.encode(messageFrom(type, json, '') as { [name: string]: unknown }).finish()
}

/** Throws a `communication` fault where the bytes are no such message. */
export function toJson(type: Type, bytes: Uint8Array): Json {
  let message: Message
  try {
    message = type.decode(bytes)
  } catch (error) {
    throw fault('communication', `The answer is no ${type.name}: ${(error as Error).message}`)
  }
  return messageTo(type, message)
}

export type Message = { [name: string]: unknown }

/** Messages in messages, as deep as Protocol Buffers itself allows by default. */
const deepest = 100

function messageFrom(type: Type, json: Json, path: string, depth = 0): unknown {
  if (depth > deepest) throw fault('validation', `The arguments are deeper than ${deepest} messages.`)
  const known = wellKnown[type.fullName]
  if (known) return known.from(json, path)
  if (!isObject(json)) throw unfit(path, type.name, 'an object', json)
  const message: Message = {}
  const oneofs = new Map<string, string>()
  for (const [name, value] of Object.entries(json)) {
    const at = path === '' ? name : `${path}.${name}`
    const field = fieldNamed(type, name)
    if (!field) throw fault('validation', `The message ${type.name} has no field '${at}'.`)
    // Null stands for the default, but for the one type whose value it is.
    if (value === null && field.resolvedType?.fullName !== '.google.protobuf.Value') continue
    const oneof = field.partOf?.name
    if (oneof !== undefined) {
      const other = oneofs.get(oneof)
      if (other !== undefined) throw fault('validation', `Of '${other}' and '${at}' only one can be given.`)
      oneofs.set(oneof, at)
    }
    message[field.name] = fieldFrom(field, value, at, depth)
  }
  return message
}

function fieldFrom(field: Field, value: Json, at: string, depth: number): unknown {
  if (field.map) {
    if (!isObject(value)) throw unfit(at, 'map', 'an object', value)
    const keys = (field as unknown as MapField).keyType
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        scalarFromJson(keys, keys === 'bool' ? key === 'true' : key, `${at}.${key}`)
        return [key, valueFrom(field, item, `${at}.${key}`, depth)]
      }),
    )
  }
  if (!field.repeated) return valueFrom(field, value, at, depth)
  if (!Array.isArray(value)) throw unfit(at, 'repeated field', 'a list', value)
  return value.map((item, index) => valueFrom(field, item, `${at}[${index}]`, depth))
}

function valueFrom(field: Field, value: Json, at: string, depth: number): unknown {
  const type = field.resolvedType
  if (type instanceof protobuf.Enum) return enumFrom(type, value, at)
  if (type) return messageFrom(type, value, at, depth + 1)
  return scalarFromJson(field.type, value, at)
}

function enumFrom(type: protobuf.Enum, value: Json, at: string): number {
  if (type.fullName === '.google.protobuf.NullValue') return 0
  if (typeof value === 'number' && Number.isInteger(value)) return value
  const known =
    typeof value === 'string' && Object.hasOwn(type.values, value) ? type.values[value] : undefined
  if (known === undefined) {
    throw fault('validation', `'${at}' is none of ${type.name}: ${Object.keys(type.values).join(', ')}.`)
  }
  return known
}

function messageTo(type: Type, message: Message): Json {
  const known = wellKnown[type.fullName]
  if (known) return known.to(message)
  const json: JsonObject = {}
  for (const field of type.fieldsArray) {
    const set = Object.hasOwn(message, field.name) && message[field.name] !== null
    if (!set && tellsPresence(field)) continue
    Object.defineProperty(json, jsonName(field), {
      value: fieldTo(field, set ? message[field.name] : undefined),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return json
}

/** Whether a field that was not sent is something else than one with its default. */
function tellsPresence(field: Field): boolean {
  if (field.repeated || field.map) return false
  return field.hasPresence || field.partOf !== null || field.resolvedType instanceof protobuf.Type
}

function fieldTo(field: Field, value: unknown): Json {
  if (field.map) {
    const entries = Object.entries((value ?? {}) as { [key: string]: unknown })
    return Object.fromEntries(
      entries.map(([key, item]) => [mapKey(field as unknown as MapField, key), valueTo(field, item)]),
    )
  }
  if (field.repeated) return ((value ?? []) as unknown[]).map((item) => valueTo(field, item))
  return valueTo(field, value)
}

/** protobufjs keeps 64-bit keys of maps as eight characters of their bits. */
function mapKey({ keyType }: MapField, key: string): string {
  if (!/64$/.test(keyType) || key.length !== 8) return key
  return String(
    scalarToJson(keyType, protobuf.util.longFromHash(key, keyType === 'uint64' || keyType === 'fixed64')),
  )
}

function valueTo(field: Field, value: unknown): Json {
  const type = field.resolvedType
  if (type instanceof protobuf.Enum) {
    if (type.fullName === '.google.protobuf.NullValue') return null
    const number = (value ?? 0) as number
    return type.valuesById[number] ?? number
  }
  if (type) return messageTo(type, (value ?? {}) as Message)
  return scalarToJson(field.type, value)
}

function jsonName(field: Field): string {
  const given: unknown = field.options?.['json_name']
  if (typeof given === 'string') return given
  return field.name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

const names = new WeakMap<Type, Map<string, Field>>()

function fieldNamed(type: Type, name: string): Field | undefined {
  let known = names.get(type)
  if (!known) {
    known = new Map(
      type.fieldsArray.flatMap(
        (field) =>
          [
            [jsonName(field), field],
            [field.name, field],
          ] as const,
      ),
    )
    names.set(type, known)
  }
  return known.get(name)
}

export function unfit(at: string, type: string, wanted: string, value: Json): Error {
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
  return fault(
    'validation',
    `${at === '' ? 'The message' : `'${at}'`} (${type}) is to be ${wanted}, and is ${got}.`,
  )
}
