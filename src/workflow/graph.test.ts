import fc from 'fast-check'
import { parse } from 'yaml'
import { describe, expect, it, test } from 'vitest'
import { load, type Workflow } from './definition/index.ts'
import { examples, isThere, skipped } from './definition/testing/specification.ts'
import { mermaid } from './graph.ts'

const document = { dsl: '1.0.3', namespace: 'test', name: 'graph', version: '1.0.0' }

function draw(tasks: string, more = ''): string[] {
  const { definition, findings } = load(`document: ${JSON.stringify(document)}\n${more}\ndo:\n${tasks}`)
  if (!definition) throw new Error(JSON.stringify(findings))
  return mermaid(definition.workflow)
    .split('\n')
    .map((line) => line.trim())
}

/** The edges of a drawing, with the labels of their nodes for their ids. */
function edges(lines: readonly string[]): string[] {
  const labels = new Map<string, string>()
  for (const line of lines) {
    const node = /^(n\d+)\W+"(.*)"\W+$/.exec(line)
    if (node) labels.set(node[1] ?? '', (node[2] ?? '').split('<br/>')[0] ?? '')
  }
  return lines
    .filter((line) => / -\.?->/.test(line))
    .map((line) => line.replaceAll(/\bn\d+\b/g, (id) => labels.get(id) ?? id).replaceAll(/ +/g, ' '))
}

describe('a definition is drawn', () => {
  it('with jumps, forwards and backwards, to the end and out', () => {
    const drawn = edges(
      draw(`
  - a: { set: { x: 1 }, then: c }
  - b: { set: { x: 1 }, then: end }
  - c: { set: { x: 1 }, then: b }
`),
    )
    expect(drawn).toEqual(['a --> c', 'b --> end', 'c --> b', 'start --> a'])
  })

  it('with conditions, and what follows where they do not hold', () => {
    const drawn = edges(draw('  - a: { if: .x, set: { x: 1 } }\n  - b: { set: { x: 1 } }\n'))
    expect(drawn).toContain('if .x -->|"yes"| a')
    expect(drawn).toContain('if .x -.->|"no"| b')
  })

  it('with every case of a switch, and where none matches', () => {
    const drawn = edges(
      draw(
        '  - a: { switch: [ { x: { when: .x, then: c } }, { y: { when: .y, then: end } } ] }\n  - b: { wait: PT1S }\n  - c: { wait: PT1S }\n',
      ),
    )
    expect(drawn.slice(0, 3)).toEqual(['a -->|"x: .x"| c', 'a -->|"y: .y"| end', 'a -.->|"otherwise"| b'])
  })

  it('with the branches of a fork and where they come together', () => {
    const drawn = edges(
      draw(
        '  - f: { fork: { compete: true, branches: [ { x: { wait: PT1S } }, { y: { wait: PT1S } } ] } }\n',
      ),
    )
    expect(drawn).toContain('race --> x')
    expect(drawn).toContain('race --> y')
    expect(drawn).toContain('x --> the first to succeed')
    expect(drawn).toContain('y --> the first to succeed')
  })

  it('with the body of a loop leading back to it', () => {
    const lines = draw(
      '  - each: { for: { each: pet, in: .pets }, while: .go, do: [ { feed: { wait: PT1S } } ] }\n',
    )
    expect(lines).toContainEqual(expect.stringMatching(/^subgraph g\d+\["each \(for\)"\]$/))
    expect(edges(lines)).toContain('for pet, index in .pets while .go -->|"each"| feed')
    expect(edges(lines)).toContain('feed --> for pet, index in .pets while .go')
  })

  it('with the loop over events of a listen task', () => {
    const drawn = edges(
      draw(
        '  - hear: { listen: { to: { any: [], until: .x } }, foreach: { do: [ { note: { wait: PT1S } } ] } }\n',
      ),
    )
    expect(drawn).toContain('for each of any event until .x -->|"each"| note')
  })

  it('with a catch, its retries and where it goes on', () => {
    const drawn = edges(
      draw(`
  - t:
      try: [ { risky: { wait: PT1S } } ]
      catch: { errors: { with: { status: 503 } }, retry: { delay: PT3S, limit: { attempt: { count: 5 } } }, do: [ { note: { wait: PT1S } } ], then: z }
  - y: { wait: PT1S, then: end }
  - z: { wait: PT1S }
`),
    )
    expect(drawn).toContain('try -.->|"error"| catch status 503')
    expect(drawn).toContain('catch status 503 -.->|"retry after PT3S, 5 times"| try')
    expect(drawn).toContain('catch status 503 -->|"caught"| note')
    expect(drawn).toContain('  --> z'.replace('  ', ' '))
  })

  it('with raised errors going to the catch around them, else to a fault', () => {
    const drawn = edges(
      draw(`
  - t: { try: [ { inner: { raise: { error: { type: 'https://x.dk', status: 400 } } } } ], catch: {} }
  - outer: { raise: { error: { type: 'https://x.dk', status: 400 } } }
`),
    )
    expect(drawn).toContain('inner -.->|"error"| catch all')
    expect(drawn).toContain('outer -.->|"error"| faulted')
  })

  it.each([
    ["schedule: { cron: '0 6 * * 1' }", /cron 0 6/],
    ['schedule: { every: { minutes: 5 } }', /every 5 minutes/],
    ['schedule: { after: PT1H }', /after PT1H/],
    ['schedule: { on: { one: { with: { type: dk.order } } } }', /on dk\.order/],
  ])('with its start: %s', (schedule, label) => {
    expect(draw('  - a: { set: { x: 1 } }\n', schedule).join('\n')).toMatch(label)
  })

  it('with its functions and extensions beside it', () => {
    const lines = draw(
      '  - a: { call: greet }\n',
      'use: { functions: { greet: { set: { x: 1 } } }, extensions: [ { log: { extend: all, before: [ { note: { wait: PT1S } } ] } } ] }',
    )
    expect(lines).toContainEqual(expect.stringContaining('"function greet"'))
    expect(edges(lines)).toContain('note --> the extended task')
  })
})

test.runIf(isThere)(`every task of every example has its name in the drawing${skipped}`, () => {
  for (const { file, text } of examples()) {
    const workflow = parse(text) as Workflow
    const drawn = mermaid(workflow)
    for (const name of workflow.do.flatMap((item) => Object.keys(item))) expect(drawn, file).toContain(name)
  }
})

/** All that a drawing may consist of. A label has no quote, no bracket that matters, and no `#` but in an entity. */
const label = /"(?:[\p{L}\p{N} .,:/=+$?!…()[\]-]|#\d+;|<br\/>)*"/u.source
const grammar = new RegExp(
  `^\\s*(?:flowchart TD|end|subgraph g\\d+\\[${label}\\]|n\\d+(?:\\[|\\(\\(|\\{|\\{\\{|\\(\\[|\\[\\[|>)${label}(?:\\]|\\)\\)|\\}|\\}\\}|\\]\\)|\\]\\])|n\\d+ -\\.?->(?:\\|${label}\\|)? n\\d+|)$`,
  'u',
)

test('no name, condition or value can break out of its label', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '"] --> x',
      '<img src=x onerror=alert(1)>',
      '%%{init: {}}%%',
      '`**b**`',
      '#quot;',
      'end',
      'a|b',
      '\n---\n',
    ),
  )
  fc.assert(
    fc.property(hostile, hostile, (name, text) => {
      const workflow: Workflow = {
        document,
        do: [
          { [`${name}1`]: { if: text, set: { [text]: text } } },
          { [`${name}2`]: { switch: [{ [name]: { when: text, then: text } }] } },
          { [`${name}3`]: { for: { each: text, in: text }, while: text, do: [{ [name]: { wait: text } }] } },
          {
            [`${name}4`]: {
              try: [{ [name]: { raise: { error: text } } }],
              catch: { when: text, retry: text },
            },
          },
          { [`${name}5`]: { call: 'http', with: { method: text, endpoint: text } } },
          { [`${name}6`]: { listen: { to: { one: { with: { type: text } } } } } },
          { [`${name}7`]: { run: { shell: { command: text } } } },
        ],
      }
      for (const line of mermaid(workflow).split('\n')) expect(line).toMatch(grammar)
    }),
  )
})
