import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from './json.ts'
import { errorOf, outputOf } from './testing/run-workflow.ts'

const validation = 'https://serverlessworkflow.io/spec/1.0.0/errors/validation'
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
const number = { document: { type: 'number' } }
const string = { document: { type: 'string' } }

describe('data', () => {
  test('passes through tasks unchanged where nothing transforms it', async () => {
    const tasks = [
      { a: { do: [{ b: { switch: [{ c: { then: 'continue' } }] } }] } },
      { d: { wait: { seconds: 0 } } },
    ]
    await fc.assert(
      fc.asyncProperty(json, async (input) => {
        expect(await outputOf(tasks, { input })).toEqual(input)
      }),
      { numRuns: 50 },
    )
  })

  test('identity in every place is the same as nothing there', async () => {
    const set = { set: '${ [., $context] }' }
    const identity = { input: { from: '.' }, output: { as: '.' }, export: { as: '$context' } }
    await fc.assert(
      fc.asyncProperty(json, async (input) => {
        const plain = await outputOf({ do: [{ a: set }, { b: set }] }, { input })
        const workflow = {
          input: { from: '.' },
          output: { as: '.' },
          do: [{ a: { ...set, ...identity } }, { b: { ...set, ...identity } }],
        }
        expect(await outputOf(workflow, { input })).toEqual(plain)
      }),
      { numRuns: 30 },
    )
  })

  test('is transformed in one order: from, body, as, export, and the workflow around', async () => {
    const step = (name: string) => `. + [${JSON.stringify(name)}]`
    const workflow = {
      input: { from: step('workflow from') },
      do: [
        {
          a: {
            input: { from: step('from') },
            set: `\${ ${step('body')} }`,
            output: { as: step('as') },
            export: { as: step('export') },
          },
        },
      ],
      output: { as: `${step('workflow as')} | [., $context]` },
    }
    const as = ['workflow from', 'from', 'body', 'as']
    expect(await outputOf(workflow, { input: [] })).toEqual([
      [...as, 'workflow as'],
      [...as, 'export'],
    ])
  })

  test('a raw input is validated before it is transformed, an output after', async () => {
    expect(
      await outputOf([{ a: { input: { schema: number, from: '"x"' }, set: '${ . }' } }], { input: 1 }),
    ).toBe('x')
    expect(await outputOf([{ a: { set: { x: 1 }, output: { as: '.x', schema: number } } }])).toBe(1)
  })

  test.each([
    ['workflow input', { input: { schema: string }, do: [] }, '/input'],
    ['task input', [{ a: { input: { schema: string, from: '"x"' }, set: { a: 1 } } }], '/do/0/a'],
    ['task output', [{ a: { set: { x: 'x' }, output: { schema: string } } }], '/do/0/a'],
    ['export', [{ a: { set: { x: 1 }, export: { as: '.x', schema: string } } }], '/do/0/a'],
    ['context without export', [{ a: { set: { x: 1 }, export: { schema: string } } }], '/do/0/a'],
    ['workflow output', { output: { as: '1', schema: string }, do: [] }, '/output'],
  ])('%s that is not valid is a validation fault', async (_, definition, instance) => {
    expect(await errorOf(definition, { input: 1 })).toMatchObject({ type: validation, status: 400, instance })
  })

  test('a fault lists what is wrong, all of it', async () => {
    const schema = {
      document: {
        required: ['a'],
        properties: { b: { type: 'string' }, c: { enum: ['x', 'y'] } },
        additionalProperties: false,
      },
    }
    const error = await errorOf({ input: { schema }, do: [] }, { input: { b: 1, c: 2, d: 3 } })
    expect(error.errors).toEqual([
      { pointer: '', detail: "must have required property 'a'" },
      { pointer: '', detail: "must NOT have additional properties ('d')" },
      { pointer: '/b', detail: 'must be string' },
      { pointer: '/c', detail: 'must be equal to one of the allowed values ("x", "y")' },
    ])
  })

  test('a schema may lie elsewhere, in JSON or YAML', async () => {
    const schema = { resource: { endpoint: 'https://example.org/{which}' } }
    const resource = (input: Json) => ({
      content: JSON.stringify(input).includes('json') ? '{ "required": ["x"] }' : 'required: [x]',
      mediaType: 'text/plain',
    })
    for (const which of ['json', 'yaml']) {
      const tasks = [{ a: { set: { which } } }, { b: { set: '${ . }', output: { schema } } }]
      expect(await errorOf(tasks, { input: { which }, activities: { resource } })).toMatchObject({
        type: validation,
      })
    }
  })

  test('a schema of another dialect is understood, one that is unknown is not', async () => {
    const task = (format: string) => [
      { a: { input: { schema: { format, document: { items: [{ type: 'number' }] } } }, set: { a: 1 } } },
    ]
    expect(await errorOf(task('json:draft-07'), { input: ['x'] })).toMatchObject({ type: validation })
    expect((await errorOf(task('json:riddle'), { input: ['x'] })).type).toMatch(/configuration$/)
  })

  test('from and as may be templates', async () => {
    const task = {
      input: { from: { a: '${ .x }', b: ['.x'] } },
      set: '${ . }',
      output: { as: { all: '${ . }', n: 1 } },
    }
    expect(await outputOf([{ task }], { input: { x: 1 } })).toEqual({ all: { a: 1, b: ['.x'] }, n: 1 })
  })
})
