import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { useHarness } from './harness.ts'

/** dsl-reference.md, "URI Template", "Endpoint", "External Resource". */
describe('addresses', () => {
  const { output, error, requests } = useHarness({
    'api.example': ({ path }) => ({ body: { path } }),
  })
  const get = (endpoint: unknown) => [{ a: { call: 'http', with: { method: 'get', endpoint } } }]

  for (const [value, expanded] of [
    ['text', '/x/text/y'],
    [12.5, '/x/12.5/y'],
    [true, '/x/true/y'],
    ['a b/c?d&æ', '/x/a%20b%2Fc%3Fd%26%C3%A6/y'],
    ['~-._', '/x/~-._/y'],
  ] as [string | number | boolean, string][]) {
    feature('uri-template.expansion', `${JSON.stringify(value)} is put in as ${expanded}`, async () => {
      const tasks = [
        {
          a: {
            call: 'http',
            with: { method: 'get', endpoint: 'https://api.example/x/{v}/y', output: 'response' },
            output: { as: '.request.uri' },
          },
        },
      ]
      expect(await output(tasks, { input: { v: value } })).toBe(`https://api.example${expanded}`)
    })
  }

  feature('uri-template.expansion', 'what is put in is the transformed input', async () => {
    const task = {
      input: { from: '{ id: .deep.id }' },
      call: 'http',
      with: { method: 'get', endpoint: { uri: 'https://api.example/{id}' } },
    }
    expect(await output([{ task }], { input: { deep: { id: 7 } } })).toEqual({ path: '/7' })
  })

  feature('uri-template.missing', 'a missing or null property is empty', async () => {
    expect(await output(get('https://api.example/x{none}{empty}y'), { input: { empty: null } })).toEqual({
      path: '/xy',
    })
  })

  feature('uri-template.type', 'an object cannot be put in', async () => {
    for (const v of [{ a: 1 }, [1]]) {
      expect(await error(get('https://api.example/{v}'), { input: { v } })).toMatchObject({
        type: 'https://serverlessworkflow.io/spec/1.0.0/errors/expression',
        status: 400,
      })
    }
  })

  feature('endpoint.forms', 'text, expression and map come to the same', async () => {
    const input = { id: 1 }
    const forms = [
      'https://api.example/pet/{id}',
      '${ "https://api.example/pet/\\(.id)" }',
      { uri: 'https://api.example/pet/{id}' },
      { uri: '${ "https://api.example/pet/\\(.id)" }' },
    ]
    for (const form of forms) expect(await output(get(form), { input })).toEqual({ path: '/pet/1' })
    expect(requests).toHaveLength(4)
  })

  feature('resource.file', 'a schema may be a file of the project', async () => {
    const schema = { resource: { endpoint: 'file://schemas/number.json' } }
    const tasks = [{ a: { input: { schema }, set: '${ . }' } }]
    const files = { 'schemas/number.json': '{ "type": "number" }' }
    expect(await output(tasks, { input: 1, files })).toBe(1)
    expect(await error(tasks, { input: 'x', files })).toMatchObject({
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/validation',
    })
  })
})
