import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { started, useHarness } from './harness.ts'

const number = { document: { type: 'number' } }
const string = { document: { type: 'string' } }
const validation = 'https://serverlessworkflow.io/spec/1.0.0/errors/validation'

/** dsl.md, "Data Flow": twelve steps in one order. */
describe('data flow', () => {
  const { run, output, error, refused } = useHarness({
    'schemas.example': ({ path }) => (path === '/number.json' ? { body: { type: 'number' } } : undefined),
  })

  feature('data.workflow-input-schema', 'an input that is not valid runs no task', async () => {
    const ended = await run({ input: { schema: number }, do: [{ a: { set: { a: 1 } } }] }, { input: 'one' })
    expect(ended).toMatchObject({ status: 'faulted', error: { type: validation, status: 400 } })
    expect(started(ended)).toEqual([])
  })

  feature('data.workflow-input-schema', 'the schema is held against the raw input', async () => {
    const workflow = { input: { schema: number, from: '"text"' }, do: [{ a: { set: '${ . }' } }] }
    expect(await output(workflow, { input: 1 })).toBe('text')
  })

  feature('data.workflow-input-from', 'the first task gets the transformed input', async () => {
    const workflow = { input: { from: '.inner' }, do: [{ a: { set: '${ [., $workflow.input] }' } }] }
    expect(await output(workflow, { input: { inner: 1 } })).toEqual([1, { inner: 1 }])
  })

  feature(
    ['data.input-schema', 'data.validation-error'],
    'raw input that is not valid faults the task',
    async () => {
      const task = { input: { schema: number, from: '1' }, set: { a: 1 } }
      expect(await error([{ task }], { input: 'one' })).toMatchObject({
        type: validation,
        status: 400,
        instance: '/do/0/task',
      })
    },
  )

  feature('data.validation-error', 'a failed validation can be caught', async () => {
    const task = {
      try: [{ a: { input: { schema: number }, set: { a: 1 } } }],
      catch: { errors: { with: { type: validation } }, do: [{ b: { set: { caught: true } } }] },
    }
    expect(await output([{ task }], { input: 'one' })).toEqual({ caught: true })
  })

  feature('data.input-from', 'the task sees what input.from makes', async () => {
    const task = {
      input: { from: '.user' },
      set: { dot: '${ . }', input: '${ $input }', raw: '${ $task.input }' },
    }
    expect(await output([{ task }], { input: { user: 'x' } })).toEqual({
      dot: 'x',
      input: 'x',
      raw: { user: 'x' },
    })
  })

  feature('data.output-as', 'the next task gets the transformed output', async () => {
    const tasks = [{ a: { set: { x: 1 }, output: { as: '{ y: .x }' } } }, { b: { set: '${ . }' } }]
    expect(await output(tasks)).toEqual({ y: 1 })
  })

  feature('data.output-as', 'output.as sees the input too', async () => {
    const task = { input: { from: '.a' }, set: { x: 2 }, output: { as: '[$input, .x]' } }
    expect(await output([{ task }], { input: { a: 1 } })).toEqual([1, 2])
  })

  feature('data.output-schema', 'the schema is held against the transformed output', async () => {
    expect(await output([{ a: { set: { x: 1 }, output: { as: '.x', schema: number } } }])).toBe(1)
    expect(await error([{ a: { set: { x: 1 }, output: { as: '.x', schema: string } } }])).toMatchObject({
      type: validation,
      instance: '/do/0/a',
    })
  })

  feature('data.export-as', 'export.as sees the transformed output and replaces the context', async () => {
    const tasks = [
      { a: { set: { x: 1 }, output: { as: '.x' }, export: { as: '{ a: ., out: $output }' } } },
      { b: { set: { x: 2 }, export: { as: '{ b: .x, before: $context }' } } },
      { c: { set: '${ $context }' } },
    ]
    expect(await output(tasks)).toEqual({ b: 2, before: { a: 1, out: 1 } })
  })

  feature('data.export-as', 'without export the context stays', async () => {
    const tasks = [
      { a: { set: { x: 1 }, export: { as: '.x' } } },
      { b: { set: { y: 1 } } },
      { c: { set: '${ $context }' } },
    ]
    expect(await output(tasks)).toBe(1)
  })

  feature('data.export-schema', 'the new context is validated', async () => {
    expect(await error([{ a: { set: { x: 1 }, export: { as: '.x', schema: string } } }])).toMatchObject({
      type: validation,
      instance: '/do/0/a',
    })
  })

  feature('data.workflow-output-as', 'the workflow transforms the last output', async () => {
    const workflow = {
      output: { as: '{ last: ., context: $context }' },
      do: [{ a: { set: { x: 1 }, export: { as: '"ctx"' } } }],
    }
    expect(await output(workflow)).toEqual({ last: { x: 1 }, context: 'ctx' })
  })

  feature(
    'data.workflow-output-schema',
    'the workflow’s output is validated after it was transformed',
    async () => {
      const workflow = (schema: object) => ({ output: { as: '.x', schema }, do: [{ a: { set: { x: 1 } } }] })
      expect(await output(workflow(number))).toBe(1)
      expect(await error(workflow(string))).toMatchObject({ type: validation, status: 400 })
    },
  )

  feature('data.replace', 'an output replaces the data, and nothing is merged', async () => {
    const tasks = [{ a: { set: { x: 1 } } }, { b: { set: { y: 2 } } }]
    expect(await output(tasks, { input: { z: 0 } })).toEqual({ y: 2 })
  })

  feature('data.template', 'a template evaluates what is enclosed and keeps the rest', async () => {
    const task = {
      input: { from: { a: '${ .x }', literal: '.x', deep: [{ b: '${ .x + 1 }' }] } },
      set: '${ . }',
      output: { as: { wrapped: '${ . }', n: 1 } },
    }
    expect(await output([{ task }], { input: { x: 1 } })).toEqual({
      wrapped: { a: 1, literal: '.x', deep: [{ b: 2 }] },
      n: 1,
    })
  })

  for (const value of [null, false, 0, 'text', [1, [2]], { a: null }]) {
    feature(
      'data.any-json',
      `${JSON.stringify(value)} passes through input, context and output`,
      async () => {
        const tasks = [{ a: { set: '${ . }', export: { as: '.' } } }, { b: { set: '${ [., $context] }' } }]
        expect(await output(tasks, { input: value })).toEqual([value, value])
      },
    )
  }

  feature('data.any-json', 'a field that is missing is null and no error', async () => {
    expect(await output([{ a: { set: { x: '${ .none.deeper }' } } }], { input: {} })).toEqual({ x: null })
  })

  feature('data.composite', 'a composite task transforms around its children', async () => {
    const task = {
      input: { from: '.n' },
      do: [{ a: { set: '${ . + 1 }' } }, { b: { set: '${ . * 10 }' } }],
      output: { as: '{ result: . }' },
      export: { as: '.result' },
    }
    const tasks = [{ task }, { last: { set: '${ [., $context] }' } }]
    expect(await output(tasks, { input: { n: 1 } })).toEqual([{ result: 20 }, 20])
  })

  feature('data.context-children', 'a nested export is seen afterwards, outside too', async () => {
    const tasks = [
      { outer: { do: [{ a: { set: { x: 1 }, export: { as: '.x' } } }, { b: { set: '${ $context }' } }] } },
      { c: { set: '${ [., $context] }' } },
    ]
    expect(await output(tasks)).toEqual([1, 1])
  })

  feature('data.schema-format', 'json is the default, and a version of it is understood', async () => {
    const task = (format: string) => ({ input: { schema: { format, ...number } }, set: '${ . }' })
    expect(await output([{ a: task('json') }], { input: 1 })).toBe(1)
    expect(await output([{ a: task('json:draft-07') }], { input: 1 })).toBe(1)
    expect(await error([{ a: task('json:draft-07') }], { input: 'x' })).toMatchObject({ type: validation })
  })

  feature('data.schema-format', 'a format that nobody knows is refused', async () => {
    expect(
      await refused([{ a: { input: { schema: { format: 'riddle', ...number } }, set: '${ . }' } }]),
    ).toContain('riddle')
  })

  feature('data.schema-resource', 'a schema may lie elsewhere', async () => {
    const schema = { resource: { endpoint: 'https://schemas.example/number.json' } }
    expect(await output([{ a: { input: { schema }, set: '${ . }' } }], { input: 1 })).toBe(1)
    expect(await error([{ a: { input: { schema }, set: '${ . }' } }], { input: 'x' })).toMatchObject({
      type: validation,
    })
  })
})
