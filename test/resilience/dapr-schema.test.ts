import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readResiliency } from '../../src/resilience/index.ts'

/**
 * What Dapr's published schema of a `Resiliency` resource (its custom resource definition, v1alpha1) allows, as facts:
 * the members of each part and their types. Where `SLUSE_TEST_DAPR_CRD` names a copy of that file, it is used, too.
 */
const texts = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
const whole = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { type: 'integer' }]))
const object = (properties: object) => ({ type: 'object', properties, additionalProperties: false })
const mapOf = (additionalProperties: object) => ({ type: 'object', additionalProperties })
const names = texts('timeout', 'retry', 'circuitBreaker')
const facts = object({
  ...texts('apiVersion', 'kind'),
  metadata: { type: 'object' },
  scopes: { type: 'array', items: { type: 'string' } },
  spec: {
    ...object({
      policies: object({
        timeouts: mapOf({ type: 'string' }),
        retries: mapOf(
          object({
            ...texts('policy', 'duration', 'maxInterval'),
            ...whole('maxRetries'),
            matching: object(texts('httpStatusCodes', 'gRPCStatusCodes')),
          }),
        ),
        circuitBreakers: mapOf(object({ ...texts('interval', 'timeout', 'trip'), ...whole('maxRequests') })),
      }),
      targets: object({
        apps: mapOf(object({ ...names, ...whole('circuitBreakerCacheSize') })),
        components: mapOf(object({ inbound: object(names), outbound: object(names) })),
        actors: mapOf(
          object({ ...names, ...texts('circuitBreakerScope'), ...whole('circuitBreakerCacheSize') }),
        ),
      }),
    }),
    required: ['policies', 'targets'],
  },
})

/** Every resource that we give as an example, in the examples and on the pages. */
function resources(): [string, unknown][] {
  const files = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?:^|\/)policies\/[^/]+\.ya?ml$/.test(file),
  )
  const examples = files.map((file): [string, unknown] => [
    `examples/${file}`,
    parse(readFileSync(`examples/${file}`, 'utf8')),
  ])
  const folder = 'docs/reference/policies'
  const pages = readdirSync(folder).filter((file) => file.endsWith('.md'))
  const shown = pages.flatMap((file) =>
    [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/```yaml\n(spec:[\s\S]*?)```/g)].map(
      ([, text]): [string, unknown] => [
        `${folder}/${file}`,
        {
          apiVersion: 'dapr.io/v1alpha1',
          kind: 'Resiliency',
          metadata: { name: 'a' },
          ...(parse(text ?? '') as object),
        },
      ],
    ),
  )
  return [...examples, ...shown]
}

const schemas: [string, object][] = [['the facts of it', facts]]
const { SLUSE_TEST_DAPR_CRD: copy = '' } = process.env
if (existsSync(copy)) {
  const definition = parse(readFileSync(copy, 'utf8')) as {
    spec: { versions: { name: string; schema: { openAPIV3Schema: object } }[] }
  }
  const version = definition.spec.versions.find(({ name }) => name === 'v1alpha1')
  if (!version) throw new Error(`${copy} has no v1alpha1.`)
  schemas.push(['the published file', version.schema.openAPIV3Schema])
}

describe.each(schemas)('by %s', (_, schema) => {
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema)

  test.each(resources())('%s is a resource that Dapr takes', (_, resource) => {
    expect(validate(resource), JSON.stringify(validate.errors)).toBe(true)
    // And one that we take, whole.
    expect(readResiliency(resource).complaints).toEqual([])
  })

  test.each([
    ['a number for a duration', { policies: { timeouts: { t: 5 } }, targets: {} }],
    ['no targets', { policies: {} }],
    ['a text for a count', { policies: { retries: { r: { maxRetries: 'many' } } }, targets: {} }],
  ])('%s is refused by both', (_, spec) => {
    const resource = { apiVersion: 'dapr.io/v1alpha1', kind: 'Resiliency', metadata: { name: 'a' }, spec }
    expect(validate(resource)).toBe(false)
    expect(readResiliency(resource).complaints).not.toEqual([])
  })
})
