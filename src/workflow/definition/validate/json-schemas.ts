import { Ajv, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { isObject, type Json, type JsonObject } from '../../json.ts'
import type { Sites } from './place.ts'
import type { Report } from './report.ts'

/**
 * Inline schemas must compile (dsl-reference.md, "Schema"). JSON Schema 2020-12 is what `json` means;
 * `json:{version}` and `$schema` choose another.
 */
export function checkJsonSchemas(sites: Sites, report: Report): void {
  for (const { schema, pointer } of sites.schemas) checkOne(schema, pointer, report)
}

type Dialect = '2020-12' | '2019-09' | 'draft-07'

function checkOne(schema: JsonObject, pointer: string, report: Report): void {
  const format = typeof schema.format === 'string' ? schema.format : 'json'
  const byFormat = dialectOfFormat(format)
  if (!byFormat) {
    const message = `Schemas of the format \`${format}\` are not supported.`
    const todo = 'Use `json`: JSON Schema 2020-12, or `json:draft-07`.'
    return report.error('SLUSE-DEFINITION-UNSUPPORTED', `${pointer}/format`, message, { todo })
  }
  const { document } = schema
  if (document === undefined || typeof document === 'boolean') return
  const at = `${pointer}/document`
  if (!isObject(document)) {
    return report.error('SLUSE-DEFINITION-JSON-SCHEMA', at, 'A JSON Schema must be a map, or true or false.')
  }
  const named = typeof document.$schema === 'string' ? document.$schema : undefined
  const dialect = named === undefined ? byFormat : dialectOf(named)
  if (!dialect) {
    const message = `The JSON Schema dialect ${named} is not supported.`
    const todo = 'Leave `$schema` out for 2020-12, or name 2019-09 or draft-07.'
    return report.error('SLUSE-DEFINITION-UNSUPPORTED', `${at}/$schema`, message, { todo })
  }
  if (isLarge(document)) {
    return report.error(
      'SLUSE-DEFINITION-JSON-SCHEMA',
      at,
      `The JSON Schema holds more than ${largest} values.`,
    )
  }
  compileSchema(dialect, document, at, report)
}

function dialectOfFormat(format: string): Dialect | undefined {
  const [name, version] = format.split(/:(.*)/s)
  if (name !== 'json') return undefined
  if (version === undefined || version === '') return '2020-12'
  return (['2020-12', '2019-09', 'draft-07'] as const).find(
    (each) => version === each || version === `draft-${each}`,
  )
}

function dialectOf(uri: string): Dialect | undefined {
  const known: { readonly [uri: string]: Dialect } = {
    'https://json-schema.org/draft/2020-12/schema': '2020-12',
    'https://json-schema.org/draft/2019-09/schema': '2019-09',
    'http://json-schema.org/draft-07/schema': 'draft-07',
    'https://json-schema.org/draft-07/schema': 'draft-07',
  }
  const plain = uri.replace(/#$/, '')
  return Object.hasOwn(known, plain) ? known[plain] : undefined
}

const options: Options = { strict: false, allErrors: true, logger: false, addUsedSchema: false }
const compilers = new Map<Dialect, Ajv>()

/** Made once and kept: a validator reads the meta-schema of its dialect first. */
function compilerOf(dialect: Dialect): Ajv {
  const known = compilers.get(dialect)
  if (known) return known
  const made =
    dialect === '2020-12'
      ? new Ajv2020(options)
      : dialect === '2019-09'
        ? new Ajv2019(options)
        : new Ajv(options)
  addFormats.default(made)
  compilers.set(dialect, made)
  return made
}

function compileSchema(dialect: Dialect, document: JsonObject, pointer: string, report: Report): void {
  const ajv = compilerOf(dialect)
  const schema = withoutDialect(document)
  if (typeof schema.$id === 'string' && ajv.getSchema(schema.$id)) {
    return report.error(
      'SLUSE-DEFINITION-JSON-SCHEMA',
      `${pointer}/$id`,
      `The \`$id\` ${schema.$id} is taken.`,
    )
  }
  try {
    if (ajv.validateSchema(schema) !== true) {
      // The deepest error is the one that the author made; the others follow from it.
      const [worst] = (ajv.errors ?? []).toSorted(
        (one, other) => depth(other.instancePath) - depth(one.instancePath),
      )
      const where = worst?.instancePath ? ` at ${worst.instancePath}` : ''
      const message = `The JSON Schema is not valid${where}: it ${worst?.message ?? 'is of another form'}.`
      return report.error('SLUSE-DEFINITION-JSON-SCHEMA', pointer + (worst?.instancePath ?? ''), message)
    }
    ajv.compile(schema)
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 300) : String(error)
    report.error('SLUSE-DEFINITION-JSON-SCHEMA', pointer, `The JSON Schema cannot be compiled: ${reason}.`)
  } finally {
    ajv.removeSchema(schema)
  }
}

/** The dialect is chosen already, and `https` for `http` in its name must not matter. */
function withoutDialect(document: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== '$schema'))
}

/** Compiling makes a function of a schema, which takes time and memory for each of its values. */
const largest = 10_000

function isLarge(document: JsonObject): boolean {
  let left = largest
  const count = (value: Json): boolean => {
    if (--left < 0) return true
    return (
      typeof value === 'object' && value !== null && Object.values(value).some((item: Json) => count(item))
    )
  }
  return count(document)
}

function depth(pointer: string): number {
  return pointer.split('/').length
}
