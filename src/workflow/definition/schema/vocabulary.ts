import { Type, type Static, type TObject, type TProperties, type TSchema, type TUnsafe } from 'typebox'
import type { Json, JsonObject } from '../../json.ts'

/**
 * The words in which definitions are declared. Each gives JSON Schema 2020-12 as data, and beside it in `x-`
 * keywords what JSON Schema cannot say: which strings are expressions, which name something, where data is free.
 * `validate/shape.ts` reads exactly these keywords; the schema for editors leaves the `x-` ones out.
 */
export interface Declaration {
  readonly $ref?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly title?: string
  readonly description?: string
  readonly default?: Json
  readonly examples?: readonly Json[]
  readonly enum?: readonly string[]
  readonly const?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly properties?: { readonly [name: string]: Declaration }
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Declaration
  readonly items?: Declaration
  /** Alternatives: told apart by the type of the value, and objects by the keys that they have. */
  readonly anyOf?: readonly Declaration[]
  /** Exactly one of these keys: each entry is `{ required: [key] }`. */
  readonly oneOf?: readonly { readonly required: readonly [string] }[]
  readonly allOf?: readonly { readonly oneOf: readonly { readonly required: readonly [string] }[] }[]
  readonly dependentRequired?: { readonly [key: string]: readonly string[] }
  readonly 'x-role'?: Role
  /** With role `reference`: the section of `use` in which the name must exist. */
  readonly 'x-use'?: ReferenceTarget
  /** When expressions below are evaluated (dsl.md, "Runtime expression arguments"). */
  readonly 'x-stage'?: Stage
  /** In a sentence, for a string that `pattern` refuses. */
  readonly 'x-form'?: string
  /** Keys that are not declared are ignored with a warning, where the specification's schema lets them pass. */
  readonly 'x-unknown'?: 'warn'
  /** At least one of these keys. */
  readonly 'x-some'?: readonly string[]
  /** `key` is there if, and only if, `other` has this value. */
  readonly 'x-only-with'?: { readonly key: string; readonly other: string; readonly equals: string }
  /**
   * Variables that the object declares: the path of the key that names one, and its default. They are visible
   * in all of the object, or below the keys `within` only.
   */
  readonly 'x-binds'?: {
    readonly variables: { readonly [path: string]: string }
    readonly within?: readonly string[]
  }
  /** The group of features of which `oneOf` chooses one. */
  readonly 'x-feature'?: 'authentication' | 'run' | 'schedule' | 'schema' | 'transport'
  /** `any` in `use`: evaluated where it is used, so with the variables there. `none`: outside of all tasks. */
  readonly 'x-variables'?: 'any' | 'none'
}

/**
 * - `expression`: always evaluated, with or without `${ }`
 * - `template`: data in which a string that is `${ … }` as a whole is evaluated
 * - `option`: the same, of something that only others know: whether a string that looks like jq is meant as it stands
 * - `uri`: a URI, a URI template, or an expression in `${ }`
 * - `duration`: an ISO 8601 duration, or an expression in `${ }`
 * - `variable`: declares a variable for expressions
 * - `reference`: names something in `use`
 * - `directive`: `continue`, `exit`, `end` or the name of a task of the list
 * - `json-schema`: an object whose `document` may be a schema
 */
export type Role =
  | 'expression'
  | 'template'
  | 'option'
  | 'uri'
  | 'duration'
  | 'variable'
  | 'reference'
  | 'directive'
  | 'cron'
  | 'timezone'
  | 'json-schema'

export type ReferenceTarget = 'authentications' | 'errors' | 'retries' | 'secrets' | 'timeouts'

export type Stage = 'input' | 'if' | 'task' | 'output' | 'export' | 'schedule'

/** A TypeBox schema as the data that it is. */
export function declared(schema: TSchema): Declaration {
  return schema
}

/** An object that allows no other keys. */
export function closed<P extends TProperties>(
  title: string,
  description: string,
  properties: P,
  options: object = {},
): TObject<P> {
  return Type.Object(properties, { title, description, additionalProperties: false, ...options })
}

/** An object in which other keys are allowed but mean nothing: they are ignored with a warning. */
export function lenient<P extends TProperties>(
  title: string,
  description: string,
  properties: P,
  options: object = {},
): TObject<P> {
  return Type.Object(properties, { title, description, 'x-unknown': 'warn', ...options })
}

type OneKey<C extends TProperties> = {
  [K in keyof C]: { [P in K]: Static<C[P]> } & { [P in Exclude<keyof C, K>]?: never }
}[keyof C]

/** An object with exactly one of the keys of `choices`, and the `shared` ones. */
export function exactlyOne<C extends TProperties, S extends TProperties = Record<never, never>>(
  title: string,
  description: string,
  choices: C,
  shared?: S,
  options: object = {},
): TUnsafe<OneKey<C> & Static<TObject<S>>> {
  const object = Type.Object((shared ?? {}) as S, {
    title,
    description,
    additionalProperties: false,
    ...options,
  })
  return Type.Unsafe<OneKey<C> & Static<TObject<S>>>({
    ...object,
    properties: { ...choices, ...object.properties },
    oneOf: oneOfKeys(Object.keys(choices)),
  })
}

export function oneOfKeys(keys: readonly string[]) {
  return keys.map((key) => ({ required: [key] }))
}

/** A map with keys of the author's choice. */
export function mapOf<T extends TSchema>(title: string, description: string, value: T, options: object = {}) {
  return Type.Unsafe<{ [key: string]: Static<T> }>({
    type: 'object',
    title,
    description,
    additionalProperties: value,
    ...options,
  })
}

export function either<T extends TSchema[]>(title: string, description: string, branches: [...T]) {
  return Type.Union(branches, { title, description })
}

export function oneWord<const T extends readonly string[]>(
  description: string,
  words: T,
  fallback?: T[number],
) {
  return Type.Unsafe<T[number]>({
    type: 'string',
    enum: words,
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
  })
}

/** jq, always evaluated; `${ }` around it may be left out. */
export function expression(description: string, options: object = {}) {
  return Type.String({ description, minLength: 1, 'x-role': 'expression', ...options })
}

/** A string for data: literal, or as a whole `${ … }`. */
export function text(description: string, options: object = {}) {
  return Type.String({ description, 'x-role': 'template', ...options })
}

/** A string that means what it says: never evaluated. */
export function literal(description: string, options: object = {}) {
  return Type.String({ description, ...options })
}

/** Only `${ … }`. */
export function enclosed(description: string) {
  return Type.String({
    description,
    pattern: '^\\s*\\$\\{[\\s\\S]+\\}\\s*$',
    'x-role': 'template',
    'x-form': 'a runtime expression enclosed in ${ }',
  })
}

/** Any data; strings in it that are `${ … }` as a whole are evaluated. */
export function anyData(description: string) {
  return Type.Unsafe<Json>({ description, 'x-role': 'template' })
}

/** A map of any data. */
export function dataMap(description: string, options: object = {}) {
  return Type.Unsafe<JsonObject>({
    type: 'object',
    description,
    additionalProperties: true,
    'x-role': 'template',
    ...options,
  })
}

/** A map that is carried along and never evaluated; `words` are the keys that mean something to us. */
export function freeMap(description: string, words: TProperties = {}) {
  const known = Object.keys(words).length === 0 ? {} : { properties: words }
  return Type.Unsafe<JsonObject>({ type: 'object', description, ...known, additionalProperties: true })
}

export function variable(description: string, fallback: string) {
  return Type.String({
    description,
    default: fallback,
    pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$',
    'x-form': 'a variable name: letters, digits and underscores, not beginning with a digit',
    'x-role': 'variable',
  })
}

export function reference(target: ReferenceTarget, description: string) {
  return Type.String({ description, minLength: 1, 'x-role': 'reference', 'x-use': target })
}

export const semver =
  '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)' +
  '(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$'

export const hostLabel = '^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$'
