import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { isObject, omit, type Json, type JsonObject } from './json.ts'
import { boundedPattern } from './patterns.ts'
import { fault, type WorkflowFault } from './problem.ts'

/**
 * What is wrong with `data` by a JSON Schema (dsl-reference.md, "Schema"), or `undefined` where it is valid.
 * `format` is `json` or `json:{version}`; `$schema` has precedence; 2020-12 is the default.
 * Throws a `configuration` fault for a schema that is not usable.
 */
export function invalid(schema: Json, format: string, data: Json, place: string): WorkflowFault | undefined {
  const { first, every } = validatorsOf(schema, format, place)
  try {
    if (first(data)) return undefined
    const errors = isSmall(data) && !every(data) ? every.errors : first.errors
    return validationFault(errors ?? [], place)
  } catch (error) {
    // Data that is nested deeper than the stack is.
    return fault('validation', `By ${place}: the data cannot be validated: ${String(error)}.`)
  }
}

interface Validators {
  /** Stops at the first error, so that a large input that is wrong throughout costs no more than a right one. */
  readonly first: ValidateFunction
  readonly every: ValidateFunction
}

const shown = 20

function validationFault(errors: readonly ErrorObject[], place: string): WorkflowFault {
  const findings = errors.slice(0, shown).map(({ instancePath, message, params }) => ({
    pointer: instancePath,
    detail: `${message ?? 'is not valid'}${allowed(params)}`,
  }))
  const text = findings.map(({ pointer, detail }) => `${pointer || 'the data'} ${detail}`).join('; ')
  return fault('validation', `By ${place}: ${text}.`, { errors: findings })
}

function allowed(params: { [key: string]: unknown }): string {
  if (Array.isArray(params.allowedValues))
    return ` (${params.allowedValues
      .map((value) => JSON.stringify(value))
      .join(', ')
      .slice(0, 200)})`
  const extra = params.additionalProperty ?? params.unevaluatedProperty
  return typeof extra === 'string' ? ` ('${extra}')` : ''
}

/** At most 10,000 values: listing every error of it is affordable. */
function isSmall(data: Json): boolean {
  let left = 10_000
  const count = (value: Json): boolean => {
    if (--left < 0) return false
    if (typeof value !== 'object' || value === null) return true
    return Array.isArray(value) ? value.every(count) : Object.values(value).every(count)
  }
  return count(data)
}

const known = new WeakMap<object, Validators>()

function validatorsOf(schema: Json, format: string, place: string): Validators {
  if (typeof schema === 'boolean') return compile(schema, '2020-12', place)
  if (!isObject(schema))
    throw fault('configuration', `The schema at ${place} is no JSON Schema: it must be a map.`)
  let validators = known.get(schema)
  if (!validators) known.set(schema, (validators = compile(schema, dialectOf(schema, format, place), place)))
  return validators
}

const dialects = {
  '2020-12': [
    'json',
    'json:',
    'json:2020-12',
    'json:draft-2020-12',
    'https://json-schema.org/draft/2020-12/schema',
  ],
  '2019-09': ['json:2019-09', 'json:draft-2019-09', 'https://json-schema.org/draft/2019-09/schema'],
  'draft-07': [
    'json:draft-07',
    'https://json-schema.org/draft-07/schema',
    'http://json-schema.org/draft-07/schema',
  ],
} as const

type Dialect = keyof typeof dialects

function dialectOf(schema: JsonObject, format: string, place: string): Dialect {
  const named = typeof schema.$schema === 'string' ? schema.$schema.replace(/#$/, '') : format
  const found = Object.entries(dialects).find(([, names]) => (names as readonly string[]).includes(named))
  if (!found)
    throw fault('configuration', `The schema at ${place} is of a kind that is not supported: '${named}'.`)
  return found[0] as Dialect
}

const regExp = Object.assign((pattern: string) => ({ ...boundedPattern(pattern), toString: () => pattern }), {
  code: 'boundedPattern',
})

const base: Options = {
  strict: false,
  logger: false,
  addUsedSchema: false,
  validateSchema: false,
  code: { regExp },
}
const compilers = new Map<string, Ajv>()

function compilerOf(dialect: Dialect, allErrors: boolean): Ajv {
  const key = `${dialect} ${allErrors}`
  let compiler = compilers.get(key)
  if (!compiler) {
    const options = { ...base, allErrors }
    if (dialect === '2020-12') compiler = new Ajv2020(options)
    else compiler = dialect === '2019-09' ? new Ajv2019(options) : new Ajv(options)
    addFormats.default(compiler)
    compilers.set(key, compiler)
  }
  return compiler
}

function compile(schema: JsonObject | boolean, dialect: Dialect, place: string): Validators {
  // The dialect is chosen already, and `https` for `http` in its name must not matter.
  const plain = typeof schema === 'boolean' ? schema : omit(schema, '$schema')
  let every: ValidateFunction | undefined
  try {
    const first = compiled(compilerOf(dialect, false), plain)
    return {
      first,
      get every() {
        return (every ??= compiled(compilerOf(dialect, true), plain))
      },
    }
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 300) : String(error)
    throw fault('configuration', `The schema at ${place} cannot be used: ${why}.`)
  }
}

/** The compiler must not keep it: it lives as long as the definition. */
function compiled(compiler: Ajv, schema: JsonObject | boolean): ValidateFunction {
  try {
    return compiler.compile(schema)
  } finally {
    if (typeof schema !== 'boolean') compiler.removeSchema(schema)
  }
}
