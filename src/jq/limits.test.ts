import { describe, expect, it } from 'vitest'
import type { Json, Limits } from './index.ts'
import { JqError, compile } from './index.ts'

function codeOf(filter: string, input: Json = null, limits: Partial<Limits> = {}): string {
  try {
    let count = 0
    for (const _ of compile(filter, { limits })(input)) count++
    return `${count} values`
  } catch (error) {
    if (error instanceof JqError) return error.code
    throw error
  }
}

const fewSteps = { steps: 100_000 }

describe('an endless filter ends in a clear error', () => {
  it.each([
    ...[
      'def f: f; f',
      '[repeat(1)]',
      'last(repeat(1))',
      'last(range(infinite))',
      'until(false; .)',
      '[recurse]|[.[0]|recurse(.)]',
    ],
    ...[
      'def f: 1 | f; f',
      'def f: ., f; last(f)',
      'def f(g): g | f(g); f(.)',
      'reduce repeat(1) as $x (0; .)',
      'label $l | repeat(empty)',
    ],
    ...[
      'while(true; .) | empty',
      '[limit(1e9; repeat(1))]',
      'first(repeat(empty))',
      'isempty(repeat(empty))',
      'any(repeat(0); . == 1)',
    ],
    ...[
      'repeat(1) as $x | empty',
      'path(repeat(.a)) | empty',
      'range(0; 1; 1e-9) | empty',
      'try repeat(error) catch repeat(1)',
    ],
    '. as [$a] ?// $a | last(repeat(1))',
  ])('%s', (filter) => {
    expect(codeOf(filter, null, fewSteps)).toBe('SLUSE-JQ-LIMIT')
  })

  it('cannot be kept alive by its own try', () => {
    expect(codeOf('try last(repeat(1)) catch 1', null, fewSteps)).toBe('SLUSE-JQ-LIMIT')
    expect(codeOf('[.[]?, (last(repeat(1))?)] // 1', null, fewSteps)).toBe('SLUSE-JQ-LIMIT')
  })
})

describe('what is built is bounded', () => {
  it.each([
    ...[
      '[range(1e9)]',
      'reduce range(1e9) as $i ("x"; . + .)',
      'reduce range(100) as $i ([1]; . + .)',
      '.[400000000] = 1',
    ],
    ...[
      '[limit(1e9; repeat("x" * 1000))]',
      '"x" * 400000000',
      'reduce range(100) as $i ("ab"; . * 2)',
      '[range(1e6)] | combinations(9)',
    ],
    ...[
      'def f: [., .] | f; 1 | f',
      'reduce range(60) as $i ({}; {a: ., b: .}) | tojson',
      '[range(100)] | [combinations(4)]',
    ],
    ...[
      '"x" * 1000000 | [splits("")] | map(. * 10000)',
      '[range(1000000) | {a: ., b: [.]}] | map({a, b, c: .})',
    ],
  ])('%s', (filter) => {
    expect(codeOf(filter, null, { steps: 3_000_000, size: 5_000_000 })).toBe('SLUSE-JQ-LIMIT')
  })

  it('and so are the values that are given', () => {
    expect(codeOf('range(1000)', null, { outputs: 999 })).toBe('SLUSE-JQ-LIMIT')
    expect(codeOf('range(1000)', null, { outputs: 1000 })).toBe('1000 values')
  })

  it('a reduce that builds a large object or array costs what it builds, not its square', () => {
    const limits = { steps: 300_000, size: 1_000_000 }
    for (const filter of [
      'reduce range(50000) as $i ({}; .["k\\($i)"] = $i)',
      'reduce range(50000) as $i ([]; . + [$i])',
      'reduce range(50000) as $i ({}; . + {"k\\($i)": $i})',
      'reduce range(50000) as $i ({}; .list += [$i] | .n += 1)',
      '[range(50000)] | .[] |= . + 1',
      '[range(50000) | tostring] | add | length',
    ]) {
      expect(codeOf(filter, null, limits)).toBe('1 values')
    }
  })
})

describe('nesting is bounded', () => {
  it.each([
    'def f: 1 + f; f',
    'def f: [f]; f',
    'def f: (f | .), 1; f',
    'def f(g): g | [f(g)]; f(.)',
    'def f: try f catch .; f + 1',
    '0 | def f: if . > 1e6 then . else (. + 1 | f) + 1 end; f',
  ])('calls: %s', (filter) => {
    expect(codeOf(filter)).toBe('SLUSE-JQ-LIMIT')
  })

  it('but a call in last place does not nest', () => {
    expect(compile('def f: if . >= 100000 then . else . + 1 | f end; 0 | f').first(null)).toBe(100_000)
    expect(
      compile('def f: if . >= 20000 then empty else ., (. + 1 | f) end; [0 | f] | length').first(null),
    ).toBe(20_000)
  })

  let deep: Json = 1
  for (let i = 0; i < 100_000; i++) deep = i % 2 === 0 ? [deep] : { a: deep }

  it.each([
    ...[
      '[..]',
      'tojson',
      'fromjson?',
      '. == .',
      'flatten',
      '[paths]',
      'walk(.)',
      '[tostream]',
      'sort?',
      '[., .] | sort',
      'tostring',
    ],
    ...[
      '.. |= .',
      'map(.)',
      '[leaf_paths]',
      'del(..)',
      'contains(.)',
      '. * .',
      'error',
      '[nan, .]',
      'min_by(.)?',
      'join(",")?',
    ],
    ...[
      '@json',
      '"\\(.)"',
      'group_by(.)?',
      'unique?',
      'indices(.)?',
      'try error catch .',
      '[.[]?]',
      'tojson | fromjson',
      'pick(.a?)',
    ],
  ])('of the input: %s gives a value or a clear error', (filter) => {
    expect(['SLUSE-JQ-LIMIT', 'SLUSE-JQ-ERROR', '0 values', '1 values']).toContain(codeOf(filter, deep))
  })

  const many = 100_000

  it.each([
    ['(', '1', ')'],
    ['[', '1', ']'],
    ['{a:', '1', '}'],
    ['-', '1', ''],
    ['try ', '1', ''],
    ['if ', '1', ' then 1 end'],
    ['"\\(', '1', ')"'],
    ['1 + ', '1', ''],
    ['1 // ', '1', ''],
    ['1 and ', '1', ''],
    ['.a |= (', '1', ')'],
    ['1 as $x | ', '1', ''],
    ['. as ', '$x', ' | 1'],
    ['def f: ', '1', '; f'],
    ['def f: 1; ', 'f', ''],
    ['label $l | ', '1', ''],
    ['reduce ', '1', ' as $x (0; 1)'],
    ['first(', '1', ')'],
    ['', '.', '.a'],
    ['', '.', '[0]'],
    ['', '.', '?'],
    ['', '. as ' + '['.repeat(10_000) + '$x' + ']'.repeat(10_000) + ' | 1', ''],
  ])('of the filter: %s%s%s repeated gives a clear error', (open, middle, close) => {
    const text = open.repeat(many) + middle + close.repeat(many)
    expect(() => compile(text, { limits: { filter: 10_000_000 } })).toThrow(JqError)
  })

  it('but a filter may be long', () => {
    expect(compile(`${'1 | '.repeat(20_000)}2`).first(null)).toBe(2)
    expect([...compile(`${'1, '.repeat(20_000)}2`)(null)].length).toBe(20_001)
    expect(compile(`[${'1, '.repeat(20_000)}2] | add`).first(null)).toBe(20_002)
    expect(compile(`${'if . == 0 then 1 el'.repeat(300).slice(0, -2)}else 2 end`).first(null)).toBe(2)
  })

  it('functions cannot multiply one another without end', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => `def f${i + 1}: f${i}, f${i};`).join(' ')
    expect(codeOf(`def f0: 1; ${doubling} f40`, null, fewSteps)).toBe('SLUSE-JQ-LIMIT')
    const nested = `${Array.from({ length: 60 }, (_, i) => `def f${i}(g): `).join('')} g ${Array.from({ length: 60 }, (_, i) => `| f${59 - i}(g); f${59 - i}(., 1)`).join(' ')}`
    expect(() => codeOf(nested, null, fewSteps)).not.toThrow(RangeError)
  })
})

describe('regular expressions are bounded', () => {
  it.each([
    '^(a+)+$',
    '(a*)*b',
    '(a|a)*b',
    '(a|aa)+$',
    '(.*)(.*)(.*)(.*)(.*)b',
    '(?:a?){30}a{30}b',
    '(a+)+\\1b',
    '((a*)*)*b',
    '(?=(a+)+b)c',
  ])('%s ends in an answer or a clear error', (pattern) => {
    const filter = `"${'a'.repeat(40)}c" | test("${pattern.replaceAll('\\', '\\\\')}")`
    expect(['SLUSE-JQ-LIMIT', '1 values']).toContain(codeOf(filter, null, fewSteps))
  })

  it('by the length of what they are matched against', () => {
    expect(codeOf('test("b")', 'a'.repeat(1001), { subject: 1000 })).toBe('SLUSE-JQ-LIMIT')
  })

  it('by their own size', () => {
    expect(codeOf('test("(?:(?:(?:a{9}){99999}){99999}){99999}")', 'a')).toBe('1 values')
    expect(codeOf(`test("${'('.repeat(1000)}a${')'.repeat(1000)}")`, 'a')).toBe('SLUSE-JQ-ERROR')
  })
})

it('evaluations within one another keep their limits apart', () => {
  const inner = compile('[range(10)] | length', { limits: { steps: 1000 } })
  const outer = compile('[now, now] | add', { now: () => inner.first(null) as number })
  expect(outer.first(null)).toBe(20)
})
