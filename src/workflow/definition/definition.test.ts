import fc from 'fast-check'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { describe, expect, it, test } from 'vitest'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { load, loadFunction, workflowSchema, type Finding } from './index.ts'
import { mutants } from './testing/mutations.ts'
import { examples, isThere, scenarios, skipped, specificationSchema } from './testing/specification.ts'

describe.runIf(isThere)(`the specification's own definitions${skipped}`, () => {
  test.each(isThere ? examples() : [])('example $file loads', ({ file, text }) => {
    expect(errorsOf(load(text, { file }).findings)).toEqual([])
  })

  test.each(isThere ? scenarios() : [])('scenario $file loads', ({ file, text }) => {
    expect(errorsOf(load(text, { file }).findings)).toEqual([])
  })

  it('warns of exactly the examples that write expressions where text is taken as it stands', () => {
    const warned = examples().filter(({ text }) =>
      load(text).findings.some(({ severity }) => severity === 'warning'),
    )
    expect(warned.map(({ file }) => file)).toEqual([
      'conditional-task.yaml',
      'run-subflow.yaml',
      'try-catch-then.yaml',
    ])
  })
})

describe.runIf(isThere)(`our declarations and the specification's schema${skipped}`, () => {
  const originals = isThere ? examples().map(({ text }) => parse(text) as Json) : [null]

  it('agree on examples in which one thing was changed, but for the differences that we chose', () => {
    const accepts = specificationSchema()
    fc.assert(
      fc.property(mutants(originals), ({ value }) => {
        const errors = shapeErrors(value)
        const chosen =
          errors.length > 0 && errors.every((finding) => stricter.some(({ finds }) => finds.test(finding)))
        if (chosen || errors.some((finding) => contradiction.test(finding))) return
        expect({ errors, accepted: errors.length === 0 }).toEqual({
          errors,
          accepted: accepts(asSpecified(value)),
        })
      }),
      { numRuns: 3000 },
    )
  })
})

describe('the schema for editors', () => {
  const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(workflowSchema())

  it('refers to nothing outside itself', () => {
    const references = [...JSON.stringify(workflowSchema()).matchAll(/"\$ref":"([^"]+)"/g)].map(
      (match) => match[1],
    )
    const defs = Object.keys(workflowSchema().$defs as object)
    expect(references.filter((each) => !defs.includes(each?.replace('#/$defs/', '') ?? ''))).toEqual([])
  })

  it('describes every key that an author can write', () => {
    const undescribed = keysWithout(workflowSchema(), '')
    expect(undescribed).toEqual([])
  })

  it.runIf(isThere)(`judges changed examples as the loader does${skipped}`, () => {
    const originals = examples().map(({ text }) => parse(text) as Json)
    fc.assert(
      fc.property(mutants(originals), ({ value }) => {
        const errors = shapeErrors(value).filter((finding) => !loaderOnly.test(finding))
        expect({ errors, accepted: accepts(value) }).toEqual({ errors, accepted: errors.length === 0 })
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a function of a catalog', () => {
  it('is one task, and reads secrets that no list names', () => {
    const { definition, findings } = loadFunction('set:\n  token: ${ $secrets.token }\n')
    expect(findings).toEqual([])
    expect(definition).toEqual({ set: { token: '${ $secrets.token }' } })
  })

  it('has no tasks beside it to go to', () => {
    expect(errorsOf(loadFunction('set: { a: 1 }\nthen: next\n').findings)).toEqual([
      'THEN /then `then` cannot go to `next`: a function has no tasks beside it.',
    ])
  })
})

/** Where we refuse what the specification's schema takes, on purpose. */
const stricter: readonly { finds: RegExp; because: string }[] = [
  {
    finds: /`schedule` needs exactly one of/,
    because: 'a schedule of no kind never runs; the text asks for one',
  },
  { finds: /must be a variable name/, because: 'jq has no variable of another name' },
  { finds: /must be text, and not nothing/, because: 'an empty expression or name says nothing' },
  { finds: /There are two tasks/, because: 'a `then` to that name would be ambiguous' },
  { finds: /must be at least 0, but is/, because: 'a negative duration or count means nothing' },
  { finds: /branches `branches` has no task/, because: 'a race of no branches has no winner' },
  { finds: /`with` needs `agentCard` or `server`/, because: 'the text asks for one of them' },
]

/** Of two ways to authenticate, the specification's schema may take one and leave the other unread. We refuse both. */
const contradiction = /needs exactly one of `basic`.*, but has/

/** What a JSON Schema cannot say, or what editors need not be told. */
const loaderOnly = /There are two tasks|branches `branches` has no task|^URI/

/** What we take beyond the specification's schema, rewritten to what it takes. */
function asSpecified(value: Json): Json {
  if (Array.isArray(value)) return value.map(asSpecified)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, rewritten(key, asSpecified(item))]),
  )
}

function rewritten(key: string, item: Json): Json {
  // The reference has query parameters of any type: we take numbers and booleans, and send them as text.
  if (key === 'query' && isObject(item)) return asText(item)
  // The reference has any input for a sub-workflow: we take an expression.
  if (key === 'workflow' && isObject(item) && isExpression(item.input)) return { ...item, input: {} }
  // Earlier versions have arguments by name, and we take them still.
  if ((key === 'script' || key === 'shell') && isObject(item) && isObject(item.arguments))
    return { ...item, arguments: [] }
  // The text lets authentication properties be expressions.
  if (key === 'oauth2' || key === 'oidc') return plainAuthentication(item)
  return item
}

function asText(query: JsonObject): JsonObject {
  const text = (item: Json) => (typeof item === 'number' || typeof item === 'boolean' ? String(item) : item)
  return Object.fromEntries(Object.entries(query).map(([name, item]) => [name, text(item)]))
}

function plainAuthentication(item: Json): Json {
  if (!isObject(item)) return item
  const authority = isExpression(item.authority) ? { authority: 'https://example.org' } : {}
  const endpoints = isObject(item.endpoints) ? { endpoints: plainPaths(item.endpoints) } : {}
  return { ...item, ...authority, ...endpoints }
}

/** Paths are text for us; the schema wants URI templates. */
function plainPaths(endpoints: JsonObject): JsonObject {
  const paths = ['token', 'revocation', 'introspection'].filter((name) => typeof endpoints[name] === 'string')
  return { ...endpoints, ...Object.fromEntries(paths.map((name) => [name, '/path'])) }
}

function isExpression(value: Json | undefined): boolean {
  return typeof value === 'string' && /^\s*\$\{.+\}\s*$/.test(value)
}

/** Findings that a schema could have made. */
function shapeErrors(value: Json): string[] {
  const { findings } = load(JSON.stringify(value), { format: 'json' })
  return errorsOf(findings).filter((finding) => !semantic.test(finding))
}

const semantic =
  /^(DSL|THEN|UNREACHABLE|SWITCH|REFERENCE|CALL|EXPRESSION|VARIABLE|CRON|JSON-SCHEMA|UNSUPPORTED|RECURSION) /

function errorsOf(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ code, pointer, message }) => `${code.replace('SLUSE-DEFINITION-', '')} ${pointer} ${message}`)
}

/** Pointers of declared properties without a description of their own or of what they refer to. */
function keysWithout(schema: Json, pointer: string): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  if (Array.isArray(schema)) return schema.flatMap((item, index) => keysWithout(item, `${pointer}/${index}`))
  const { properties } = schema
  const rest = Object.entries(schema).filter(([key]) => key !== 'properties' && key !== 'if')
  const own = isObject(properties) ? Object.entries(properties) : []
  const bare = own.filter(
    ([, each]) => isObject(each) && each.description === undefined && !each.$ref && each.const === undefined,
  )
  return [
    ...bare.map(([key]) => `${pointer}/${key}`),
    ...own.flatMap(([key, each]) => keysWithout(each, `${pointer}/${key}`)),
    ...rest.flatMap(([key, each]) => keysWithout(each, `${pointer}/${key}`)),
  ]
}
