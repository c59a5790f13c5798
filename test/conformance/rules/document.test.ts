import { describe, expect } from 'vitest'
import { stringify } from 'yaml'
import { load } from '../../../src/workflow/definition/index.ts'
import { feature } from '../feature.ts'
import { definitionText, useHarness } from './harness.ts'

const set = { set: { a: 1 } }

/** dsl-reference.md, "Workflow", "Document", "Use": what is refused before anything runs, and how it is said. */
describe('the document', () => {
  const { output, refused } = useHarness()
  const errors = (text: string) =>
    load(text)
      .findings.filter(({ severity }) => severity === 'error')
      .map(({ pointer }) => pointer)

  feature('document.formats', 'JSON and YAML of the same definition load to the same', () => {
    const json = definitionText([{ a: set }])
    const yaml = stringify(JSON.parse(json))
    expect(load(json, { format: 'json' }).definition?.workflow).toEqual(load(yaml).definition?.workflow)
    expect(load(yaml).findings).toEqual([])
  })

  for (const key of ['dsl', 'namespace', 'name', 'version']) {
    feature('document.required', `without document.${key} it is refused`, () => {
      const { [key]: _, ...document } = JSON.parse(definitionText([{ a: set }])).document
      expect(errors(JSON.stringify({ document, do: [{ a: set }] }))).toEqual(['/document'])
    })
  }

  feature('document.required', 'without do it is refused', () => {
    expect(errors(definitionText({}))).toEqual([''])
  })

  const identities: [string, string, boolean][] = [
    ['version', '1.0.0', true],
    ['version', '1.0.0-rc.1+build.5', true],
    ['version', '1.0', false],
    ['dsl', '1.0.0', true],
    ['dsl', 'one', false],
    ['name', 'grant-application-2', true],
    ['name', 'with space', false],
    ['name', '-x', false],
    ['namespace', 'a'.repeat(64), false],
  ]
  for (const [key, value, valid] of identities) {
    feature('document.identity', `${key} ${value.slice(0, 20)} is ${valid ? 'taken' : 'refused'}`, () => {
      expect(errors(definitionText([{ a: set }], { [key]: value }))).toEqual(
        valid ? [] : [`/document/${key}`],
      )
    })
  }

  feature('document.descriptive', 'descriptions change nothing', async () => {
    const text = definitionText([{ a: { ...set, metadata: { note: 1 } } }], {
      title: 'T',
      summary: '*S*',
      tags: { a: 'b' },
      metadata: { any: ['thing'] },
    })
    expect(await output(JSON.parse(text))).toEqual({ a: 1 })
  })

  feature('document.keys', 'an unknown key is refused and named', async () => {
    expect(await refused([{ a: { ...set, colour: 'red' } }])).toContain('colour')
    expect(errors(definitionText([{ a: set }], { colour: 'red' }))).toEqual(['/document/colour'])
  })

  feature(
    'document.task-list',
    'an item with two tasks, and a task of two types or none, are refused',
    async () => {
      expect(await refused([{ a: set, b: set }])).toContain('/do/0')
      expect(await refused([{ a: { ...set, wait: { seconds: 1 } } }])).toContain('/do/0/a')
      expect(await refused([{ a: { then: 'end' } }])).toContain('/do/0/a')
    },
  )

  const dangling: [string, object][] = [
    ['then', [{ a: { ...set, then: 'nowhere' } }]],
    ['a switch case', [{ a: { switch: [{ x: { then: 'nowhere' } }] } }]],
    ['an error', [{ a: { raise: { error: 'nowhere' } } }]],
    ['a function', [{ a: { call: 'nowhere' } }]],
    ['a retry policy', [{ a: { try: [{ b: set }], catch: { retry: 'nowhere' } } }]],
    ['a timeout', [{ a: { ...set, timeout: 'nowhere' } }]],
    ['the workflow’s timeout', { timeout: 'nowhere', do: [{ a: set }] }],
    [
      'an authentication',
      [
        {
          a: {
            call: 'http',
            with: {
              method: 'get',
              endpoint: { uri: 'https://a.example', authentication: { use: 'nowhere' } },
            },
          },
        },
      ],
    ],
    ['a catalog', [{ a: { call: 'f:1.0.0@nowhere' } }]],
  ]
  for (const [what, definition] of dangling) {
    feature('document.references', `${what} that does not exist is refused and named`, async () => {
      expect(await refused(definition as object[])).toContain('nowhere')
    })
  }

  feature('document.unique-names', 'two tasks of one name in a list are refused', async () => {
    expect(await refused([{ a: set }, { a: set }])).toContain('/do/1/a')
  })

  feature('document.unique-names', 'the same name in two lists is fine', async () => {
    expect(await output([{ a: { do: [{ a: set }] } }])).toEqual({ a: 1 })
  })

  feature('schedule.one-kind', 'two kinds of schedule, and none, are refused', () => {
    const scheduled = (schedule: object) => errors(definitionText({ schedule, do: [{ a: set }] }))
    expect(scheduled({ every: { hours: 1 }, cron: '0 0 * * *' })).toHaveLength(1)
    expect(scheduled({})).toEqual(['/schedule'])
    expect(scheduled({ cron: '0 0 * * *' })).toEqual([])
    expect(scheduled({ cron: '99 0 * * *' })).toEqual(['/schedule/cron'])
  })
})
