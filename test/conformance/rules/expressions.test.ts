import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { useHarness } from './harness.ts'

const expression = 'https://serverlessworkflow.io/spec/1.0.0/errors/expression'

/** dsl.md, "Runtime Expressions". */
describe('expressions', () => {
  const { run, output, error, refused, requests } = useHarness({
    'api.example': ({ headers, query, json }) => ({
      body: { authorization: headers['authorization'] ?? null, q: query.get('q'), json: json ?? null },
    }),
  })

  feature('expression.jq', 'jq builtins, paths and control work', async () => {
    const set = '${ [.[] | select(.ok) | .n] | { sum: add, max: max, text: (map(tostring) | join("-")) } }'
    const input = [
      { ok: true, n: 1 },
      { ok: false, n: 9 },
      { ok: true, n: 3 },
    ]
    expect(await output([{ a: { set } }], { input })).toEqual({ sum: 4, max: 3, text: '1-3' })
  })

  feature(['expression.error', 'error.problem'], 'an expression that fails names its task', async () => {
    expect(await error([{ a: { set: { x: '${ .x + 1 }' } } }], { input: { x: {} } })).toMatchObject({
      type: expression,
      status: 400,
      instance: '/do/0/a',
    })
  })

  feature('expression.error', 'a failed expression can be caught', async () => {
    const task = {
      try: [{ a: { set: '${ error("no") }' } }],
      catch: { errors: { with: { type: expression, status: 400 } }, do: [{ b: { set: { caught: true } } }] },
    }
    expect(await output([{ task }])).toEqual({ caught: true })
  })

  for (const wrap of [(text: string) => text, (text: string) => `\${ ${text} }`]) {
    feature('expression.fields', `${wrap('...')} is evaluated in if, for.in, when, from, as`, async () => {
      const tasks = [
        { skipped: { if: wrap('false'), set: { a: 1 } } },
        { a: { input: { from: wrap('.list') }, set: '${ { list: . } }' } },
        {
          loop: {
            for: { in: wrap('.list') },
            while: wrap('$item < 3'),
            do: [{ x: { set: '${ { n: $item } }' } }],
          },
        },
        { choose: { switch: [{ two: { when: wrap('.n == 2'), then: 'b' } }, { other: { then: 'end' } }] } },
        { b: { set: { n: '${ .n }' }, output: { as: wrap('.n') }, export: { as: wrap('. + 1') } } },
        { c: { set: '${ [., $context] }' } },
      ]
      expect(await output(tasks, { input: { list: [1, 2, 3] } })).toEqual([2, 3])
    })
  }

  feature('expression.values', 'only a whole enclosed string is an expression', async () => {
    const set = {
      whole: '${ .x }',
      spaces: '  ${ .x }  ',
      bare: '.x',
      part: 'Hello ${ .x }!',
      escaped: '{ .x }',
    }
    expect(await output([{ a: { set } }], { input: { x: 1 } })).toEqual({
      whole: 1,
      spaces: 1,
      bare: '.x',
      part: 'Hello ${ .x }!',
      escaped: '{ .x }',
    })
  })

  feature('expression.data', 'data that looks like an expression is not evaluated', async () => {
    const tasks = [{ a: { set: { x: '${ .text }' } } }, { b: { set: { y: '${ .x }' } } }]
    expect(await output(tasks, { input: { text: '${ $secrets }' } })).toEqual({ y: '${ $secrets }' })
  })

  feature(
    'expression.variables',
    'a loop’s variables are seen in nested tasks and in their from, as and export',
    async () => {
      const inner = {
        input: { from: '[$pet, $at]' },
        set: '${ . }',
        output: { as: '. + [$pet]' },
        export: { as: '[$at]' },
      }
      const loop = { for: { each: 'pet', at: 'at', in: '["cat"]' }, do: [{ outer: { do: [{ inner }] } }] }
      expect(await output([{ loop }, { last: { set: '${ [., $context] }' } }])).toEqual([
        ['cat', 0, 'cat'],
        [0],
      ])
    },
  )

  feature('expression.variables', 'after the loop its variables are gone', async () => {
    const text = await refused([
      { loop: { for: { in: '[1]' }, do: [{ a: { set: '${ $item }' } }] } },
      { b: { set: '${ $item }' } },
    ])
    expect(text).toContain('item')
  })

  feature('expression.context', 'the context is null until something is exported', async () => {
    expect(await output([{ a: { set: '${ $context }' } }], { input: { x: 1 } })).toBeNull()
  })

  feature('expression.input', '$input is the transformed input, in output.as and export.as too', async () => {
    const task = {
      input: { from: '.x' },
      set: { y: 2 },
      output: { as: '[$input, .y]' },
      export: { as: '$input' },
    }
    expect(await output([{ task }, { b: { set: '${ [., $context] }' } }], { input: { x: 1 } })).toEqual([
      [1, 2],
      1,
    ])
  })

  feature('expression.output', '$output is the transformed output in export.as', async () => {
    const task = { set: { y: 2 }, output: { as: '.y' }, export: { as: '$output' } }
    expect(await output([{ task }, { b: { set: '${ $context }' } }])).toBe(2)
  })

  feature(
    ['expression.secrets', 'use.secrets'],
    '$secrets holds the secrets that are listed, and no other',
    async () => {
      const workflow = { use: { secrets: ['a'] }, do: [{ x: { set: { n: '${ $secrets | keys }' } } }] }
      expect(await output(workflow, { secrets: { a: 'A', b: 'B' } })).toEqual({ n: ['a'] })
    },
  )

  feature('expression.authorization', '$authorization is what the task’s policy resolves to', async () => {
    const task = {
      call: 'http',
      with: {
        method: 'get',
        endpoint: { uri: 'https://api.example/', authentication: { bearer: { token: 'abc' } } },
      },
      output: { as: '$authorization' },
    }
    expect(await output([{ task }])).toEqual({ scheme: 'Bearer', parameter: 'abc' })
    expect(requests[0]?.headers['authorization']).toBe('Bearer abc')
  })

  feature('expression.task', '$task describes the task', async () => {
    const task = {
      input: { from: '.x' },
      set: {
        name: '${ $task.name }',
        reference: '${ $task.reference }',
        raw: '${ $task.input }',
        definition: '${ $task.definition.input.from }',
        startedAt: '${ $task.startedAt | keys }',
      },
      output: { as: '. + { out: $task.output.name }' },
    }
    expect(await output([{ outer: { do: [{ task }] } }], { input: { x: 1 } })).toEqual({
      name: 'task',
      reference: '/do/0/outer/do/0/task',
      raw: { x: 1 },
      definition: '.x',
      startedAt: ['epoch', 'iso8601'],
      out: 'task',
    })
  })

  feature('expression.workflow', '$workflow describes the run', async () => {
    const workflow = {
      input: { from: '.x' },
      do: [
        {
          a: {
            set: {
              id: '${ $workflow.id | type }',
              version: '${ $workflow.definition.document.version }',
              input: '${ $workflow.input }',
              same: '${ $workflow.startedAt.epoch.milliseconds <= $task.startedAt.epoch.milliseconds }',
            },
          },
        },
      ],
    }
    expect(await output(workflow, { input: { x: 1 } })).toEqual({
      id: 'string',
      version: '1.0.0',
      input: { x: 1 },
      same: true,
    })
  })

  feature('expression.workflow', 'two runs have two ids', async () => {
    const tasks = [{ a: { set: '${ $workflow.id }' } }]
    const ids = [await output(tasks), await output(tasks)]
    expect(ids[0]).not.toBe(ids[1])
  })

  feature('expression.runtime', '$runtime says what runs it', async () => {
    const tasks = [{ a: { set: '${ $runtime | map_values(type) }' } }]
    expect(await output(tasks)).toEqual({ name: 'string', version: 'string', metadata: 'object' })
  })

  feature('expression.date-time', 'the parts of a date and time agree', async () => {
    const at = (await output([{ a: { set: '${ $workflow.startedAt }' } }])) as {
      iso8601: string
      epoch: { seconds: number; milliseconds: number }
    }
    expect(at.iso8601).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
    expect(Date.parse(at.iso8601)).toBe(at.epoch.milliseconds)
    expect(Math.floor(at.epoch.milliseconds / 1000)).toBe(at.epoch.seconds)
  })

  feature('evaluate.mode', 'loose tries every string and keeps one that is no expression', async () => {
    const workflow = {
      evaluate: { mode: 'loose' },
      do: [{ a: { set: { bare: '.x', enclosed: '${ .x }', text: 'Hello, world', failing: '.x.y' } } }],
    }
    expect(await output(workflow, { input: { x: 1 } })).toEqual({
      bare: 1,
      enclosed: 1,
      text: 'Hello, world',
      failing: '.x.y',
    })
  })

  feature('evaluate.mode', 'strict is the default and can be said', async () => {
    const workflow = { evaluate: { language: 'jq', mode: 'strict' }, do: [{ a: { set: { bare: '.x' } } }] }
    expect(await output(workflow, { input: { x: 1 } })).toEqual({ bare: '.x' })
  })

  feature('evaluate.language', 'another language is refused', async () => {
    expect(await refused({ evaluate: { language: 'js' }, do: [{ a: { set: { a: 1 } } }] })).toContain('js')
  })

  feature('document.expressions', 'an expression that does not parse is refused with its place', async () => {
    expect((await run([{ a: { set: { x: '${ .x | }' } } }])).status).toBe('invalid')
    expect(await refused([{ a: { if: '.x ==', set: { x: 1 } } }])).toContain('/do/0/a/if')
  })
})
