import { expect, test } from 'vitest'
import type { Json } from './json.ts'
import { problemOf } from './problem.ts'
import { invalid } from './schemas.ts'

const errorsOf = (schema: Json, data: Json, format = 'json') => invalid(schema, format, data, '/x')?.problem

test('what is valid has nothing wrong with it', () => {
  expect(
    errorsOf({ type: 'object', properties: { a: { format: 'date', pattern: '^2' } } }, { a: '2026-01-31' }),
  ).toBeUndefined()
  expect(errorsOf(true, 1)).toBeUndefined()
})

test('a large input that is wrong throughout is told by its first error', () => {
  const many = Array.from({ length: 20_000 }, () => 'x')
  expect(errorsOf({ items: { type: 'number' } }, many)?.errors).toHaveLength(1)
  expect(errorsOf({ items: { type: 'number' } }, many.slice(0, 50))?.errors).toHaveLength(20)
})

test('each pattern of a schema is its own', () => {
  const schema = {
    properties: { a: { pattern: '^a+$' }, b: { pattern: '^b+$' } },
    patternProperties: { '^n': { type: 'number' } },
  }
  expect(errorsOf(schema, { a: 'aa', b: 'bb', n1: 1 })).toBeUndefined()
  expect(errorsOf(schema, { a: 'b', b: 'a', n1: 'x' })?.errors).toHaveLength(3)
})

test.each([
  ['draft-07', { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'number' }] }],
  ['2019-09', { $schema: 'https://json-schema.org/draft/2019-09/schema', items: [{ type: 'number' }] }],
  ['2020-12', { prefixItems: [{ type: 'number' }] }],
])('%s is understood', (_, schema) => {
  expect(errorsOf(schema, ['x'])?.status).toBe(400)
  expect(errorsOf(schema, [1])).toBeUndefined()
})

test('two schemas of one $id do not meet', () => {
  const schema = (type: string) => ({ $id: 'https://example.org/s', type })
  expect(errorsOf(schema('number'), 1)).toBeUndefined()
  expect(errorsOf(schema('string'), 'x')).toBeUndefined()
})

test.each([
  { pattern: '(' },
  { $ref: 'https://example.org/none' },
  { $schema: 'https://example.org/none' },
  7,
  { type: 'riddle' },
])('%j is a configuration fault', (schema) => {
  let thrown: unknown
  try {
    errorsOf(schema, 'x')
  } catch (error) {
    thrown = error
  }
  expect(problemOf(thrown)?.type).toMatch(/configuration$/)
})

test('data that is nested too deep is not valid', () => {
  let deep: Json = 1
  for (let i = 0; i < 200_000; i++) deep = [deep]
  expect(errorsOf({ $defs: { d: { items: { $ref: '#/$defs/d' } } }, $ref: '#/$defs/d' }, deep)?.status).toBe(
    400,
  )
})
