import { fault, isObject, type Json, type JsonObject } from '../workflow/index.ts'

/** `input` as an object. Throws `configuration`: what a call is given comes from its definition. */
export function objectInput(input: Json, kind: string): JsonObject {
  if (isObject(input)) return input
  throw fault('configuration', `A call of kind '${kind}' is given an object.`)
}

/** A scalar as text; what else it may be, as JSON. */
export const shown = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null)

export function textOf(input: JsonObject, name: string): string {
  const value = optionalText(input, name)
  if (value === undefined || value === '') throw fault('configuration', `The call lacks '${name}'.`)
  return value
}

export function optionalText(input: JsonObject, name: string): string | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw fault('configuration', `'${name}' of the call is not a text.`)
}

export function optionalObject(input: JsonObject, name: string): JsonObject | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (isObject(value)) return value
  throw fault('configuration', `'${name}' of the call is not an object.`)
}

export function flagOf(input: JsonObject, name: string): boolean {
  const value = input[name]
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw fault('configuration', `'${name}' of the call is neither true nor false.`)
}

/** `{ uri, authentication? }`, or the URI alone. */
export interface Endpoint {
  uri: string
  authentication?: Json
}

export function endpointOf(value: Json | undefined, name = 'endpoint'): Endpoint {
  if (typeof value === 'string') return { uri: value }
  if (!isObject(value))
    throw fault('configuration', `The call lacks '${name}', or it is neither a text nor an object.`)
  const { authentication } = value
  return { uri: textOf(value, 'uri'), ...(authentication !== undefined && { authentication }) }
}
