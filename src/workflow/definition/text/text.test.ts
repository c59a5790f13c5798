import { describe, expect, it } from 'vitest'
import { load, sourcePosition, type Definition } from '../index.ts'

const head = "document: { dsl: '1.0.3', namespace: test, name: text, version: '1.0.0' }\n"

describe('text that asks too much is refused with a finding', () => {
  const refusals: { title: string; text: string; message: RegExp }[] = [
    { title: 'nothing', text: ' \n', message: /is empty/ },
    { title: 'only a comment', text: '# to do\n', message: /is empty/ },
    { title: '10 MB', text: head + `# ${'x'.repeat(10_000_000)}`, message: /at most 5000000 are read/ },
    {
      title: '100,000 nested lists in one line',
      text: `a: ${'['.repeat(100_000)}`,
      message: /deeper than 200 levels/,
    },
    {
      title: '100,000 nested list items in one line',
      text: '- '.repeat(100_000),
      message: /deeper than 200 levels/,
    },
    {
      title: '100,000 nested keys in one line',
      text: '? '.repeat(100_000),
      message: /deeper than 200 levels/,
    },
    { title: 'a million values', text: `a: [${'1,'.repeat(1_000_000)}]`, message: /holds too much/ },
    { title: 'an alias bomb', text: bomb(30), message: /more than 100000 values/ },
    { title: 'an alias of itself', text: 'a: &a [*a]\n', message: /deeper than 200 levels/ },
    { title: 'two documents', text: `${head}---\n${head}`, message: /more than one document/ },
    {
      title: 'bytes that are no UTF-8',
      text: head + 'do: [ { k\uFFFDre: { set: { a: 1 } } } ]',
      message: /not UTF-8/,
    },
    { title: 'a zero byte', text: head + 'do: "\0"', message: /not UTF-8/ },
    { title: 'a tab as indentation', text: 'document:\n\tdsl: 1.0.3\n', message: /not valid YAML: Tabs/ },
    { title: 'a key twice', text: `${head}do: []\ndo: []\n`, message: /The key `do` stands here twice/ },
    {
      title: 'a key of another prototype',
      text: `${head}__proto__: {}\n`,
      message: /`__proto__` is not allowed/,
    },
    { title: 'a map as a key', text: '{ a: 1 }: 2\n', message: /A key must be text/ },
    { title: 'an unknown alias', text: 'a: *b\n', message: /./ },
    { title: 'a tag', text: 'a: !!js/function "x"\n', message: /./ },
    { title: 'a date tag', text: 'a: !!timestamp 2026-01-31\n', message: /./ },
    { title: 'a number that is none', text: 'a: .nan\n', message: /`.nan` is no JSON value/ },
    {
      title: 'a number that would change',
      text: 'a: 12345678901234567890\n',
      message: /too large to be kept exactly/,
    },
    { title: 'a merge of text', text: 'a: { <<: text }\n', message: /Only maps can be merged/ },
    { title: 'an open bracket', text: 'a: [1, 2\n', message: /not valid YAML/ },
    { title: 'an open quote', text: 'a: "b\n', message: /not valid YAML/ },
    { title: 'a list', text: '- a\n', message: /must be a map with `document` and `do`, but this is a list/ },
    { title: 'one word', text: 'hello', message: /but this is a single value/ },
  ]

  it.each(refusals)('$title', ({ text, message }) => {
    const { definition, findings } = load(text)
    expect(definition).toBeUndefined()
    expect(findings[0]?.message).toMatch(message)
    expect(findings[0]?.line).toBeGreaterThan(0)
  })
})

describe('text that is unusual is read', () => {
  const tasks = "do:\n  - greet:\n      set: { text: 'Hej' }\n"

  it('with Windows line ends, at the right lines', () => {
    const { findings } = load((head + tasks + '  - b:\n      sett: 1\n').replaceAll('\n', '\r\n'))
    expect(findings).toMatchObject([{ line: 5, column: 5 }])
  })

  it('with a byte order mark', () => {
    expect(load(`\uFEFF${head}${tasks}`).findings).toEqual([])
    expect(load(`\uFEFF${JSON.stringify(minimal)}`, { format: 'json' }).findings).toEqual([])
  })

  it('with Danish letters in names', () => {
    expect(load(`${head}do:\n  - hent æøå:\n      set: { a: 1 }\n      then: end\n`).findings).toEqual([])
  })

  it('with anchors, aliases and merge keys, written out', () => {
    const { definition, findings } = load(
      `${head}do:\n  - a:\n      set: &base { x: 1, y: 2 }\n  - b:\n      set:\n        <<: *base\n        y: 3\n  - c:\n      set: *base\n`,
    )
    expect(findings).toEqual([])
    const [a, b, c] = definition?.workflow.do ?? []
    expect(b).toEqual({ b: { set: { x: 1, y: 3 } } })
    expect(c?.c).toEqual(a?.a)
    expect(c?.c).not.toBe(a?.a)
  })

  it('as YAML 1.2: yes, no and on are text', () => {
    const { definition } = load(
      `${head}do:\n  - a:\n      set: { x: yes, y: no, z: on, w: 0o17, v: 1_000 }\n`,
    )
    expect(definition?.workflow.do[0]).toEqual({
      a: { set: { x: 'yes', y: 'no', z: 'on', w: 15, v: '1_000' } },
    })
  })

  it('as JSON with tabs', () => {
    expect(load(JSON.stringify(minimal, null, '\t'), { file: 'greet.json' }).findings).toEqual([])
  })

  it('but not as JSON, where it is YAML only', () => {
    expect(load(head + tasks, { file: 'greet.JSON' }).findings).toMatchObject([
      { code: 'SLUSE-DEFINITION-SYNTAX', message: expect.stringMatching(/not valid JSON/) as string },
    ])
  })

  it('with numbers as keys, which are text in JSON', () => {
    const { definition } = load(`${head}do:\n  - a:\n      set: { 200: ok }\n`)
    expect(definition?.workflow.do[0]).toEqual({ a: { set: { '200': 'ok' } } })
  })
})

describe('the place of a finding', () => {
  const at = (text: string) => load(head + text).findings.map(({ line, column }) => ({ line, column }))

  it('is the character within plain text', () => {
    expect(at('do:\n  - a:\n      if: .x ==  )\n      set: { a: 1 }\n')).toEqual([{ line: 4, column: 18 }])
  })

  it('is the character within quoted text with escapes', () => {
    expect(at('do:\n  - a:\n      set: { x: "${ \\"a\\" + ) }" }\n')).toEqual([{ line: 4, column: 29 }])
    expect(at("do:\n  - a:\n      set: { x: '${ \"it''s\" + ) }' }\n")).toEqual([{ line: 4, column: 31 }])
  })

  it('is the character within a literal block', () => {
    expect(
      at(
        'do:\n  - a:\n      set:\n        x: |\n          ${\n            .x\n            + )\n          }\n',
      ),
    ).toEqual([{ line: 8, column: 15 }])
  })

  it('is the key that is not known, and the key of the map that lacks one', () => {
    expect(at('do:\n  - a:\n      call: http\n      with:\n        method: get\n        ulr: x\n')).toEqual([
      { line: 5, column: 7 },
      { line: 7, column: 9 },
    ])
  })
})

describe('a fault of the text', () => {
  it('in an expression without quotes is told once, with what to do', () => {
    const { findings } = load(
      `${head}do:\n  - a:\n      set:\n        x: \${ map({ a: .a, b: .b, c: .c }) }\n`,
    )
    expect(findings).toMatchObject([
      {
        code: 'SLUSE-DEFINITION-SYNTAX',
        line: 5,
        todo: expect.stringMatching(/whole expression in quotes/) as string,
      },
    ])
  })
})

describe('sourcePosition', () => {
  const text = `${head}do:\n  - first:\n      set: { a: 1 }\n  - second:\n      try:\n        - inner:\n            set: { a: 1 }\n      catch: {}\n`
  const definition = load(text).definition as Definition

  it.each([
    ['/do/0/first', 3, 5],
    ['/do/1/second/try/0/inner', 7, 11],
    ['/do/1/second/try/0/inner/set/a', 8, 20],
    ['', 1, 1],
  ])('of %s is line %i, column %i', (pointer, line, column) => {
    expect(sourcePosition(definition, pointer)).toEqual({ line, column })
  })

  it('of what is not in the text is that of the nearest place around it', () => {
    expect(sourcePosition(definition, '/do/1/second/nothing/here')).toEqual({ line: 5, column: 5 })
  })
})

const minimal = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'text', version: '1.0.0' },
  do: [{ greet: { set: { text: 'Hej' } } }],
}

function bomb(levels: number): string {
  const lines = ['a0: &a0 [x, x]']
  for (let level = 1; level < levels; level++)
    lines.push(`a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`)
  return lines.join('\n')
}
