import { describe, expect, it } from 'vitest'
import type { Json } from './index.ts'
import { JqError, compile } from './index.ts'

function all(filter: string, input: Json = null, variables?: Record<string, Json>): Json[] {
  return [...compile(filter, { variables: Object.keys(variables ?? {}) })(input, variables)]
}

function errorOf(run: () => unknown): JqError {
  try {
    run()
  } catch (error) {
    if (error instanceof JqError) return error
    throw error
  }
  throw new Error('It did not fail.')
}

describe('a compiled filter', () => {
  it('gives all its values, and its first one', () => {
    expect(all('.[] | . * 2', [1, 2, 3])).toEqual([2, 4, 6])
    expect(compile('.[] | . * 2').first([1, 2, 3])).toBe(2)
    expect(compile('empty').first(null)).toBeUndefined()
  })

  it('computes values only as they are asked for', () => {
    const taken: Json[] = []
    for (const value of compile('range(1e9), error')(null)) {
      taken.push(value)
      if (taken.length === 1000) break
    }
    expect(taken.at(-1)).toBe(999)
    expect(compile('first(range(1e9))').first(null)).toBe(0)
    expect(all('[limit(3; repeat(1))]')).toEqual([[1, 1, 1]])
  })

  it('gives the values before an error, then throws it, each time it is iterated', () => {
    const results = compile('1, 2, error("no")')(null)
    for (const _ of [1, 2]) {
      const given: Json[] = []
      const error = errorOf(() => {
        for (const value of results) given.push(value)
      })
      expect(given).toEqual([1, 2])
      expect(error).toMatchObject({ code: 'SLUSE-JQ-ERROR', message: 'no', value: 'no' })
    }
  })

  it('can be iterated again and by two at once', () => {
    const results = compile('.[]')([1, 2])
    const [a, b] = [results[Symbol.iterator](), results[Symbol.iterator]()]
    expect([a.next().value, a.next().value, b.next().value]).toEqual([1, 2, 1])
  })

  it('never changes its input', () => {
    const input = { a: [1, { b: 2 }], c: { d: 3 } }
    const before = structuredClone(input)
    for (const filter of [
      '.a[1].b = 5',
      '.a[] |= empty',
      'del(.a, .c.d)',
      '.. |= .',
      'reduce range(3) as $i (.; .a += [$i] | .c.d += 1 | .c.e[$i] = .a)',
      '.a |= (sort | reverse) | .c.d += 1',
      'to_entries | map(.value) | add?',
      'walk(if type == "array" then . + [1] else . end)',
      '[.a, .a] | .[0][0] = 9 | .[1]',
    ]) {
      all(filter, input)
      expect(input).toEqual(before)
    }
  })

  it('is found again in the cache, by its text, variables and limits', () => {
    expect(compile('.a.b')).toBe(compile('.a.b'))
    expect(compile('.a.b', { variables: ['x'] })).not.toBe(compile('.a.b'))
    expect(compile('.a.b', { limits: { steps: 5 } })).not.toBe(compile('.a.b'))
  })

  it('holds only JSON values in its outputs', () => {
    expect(all('[nan, infinite, -infinite, {a: [nan]}]')).toEqual([
      [null, Number.MAX_VALUE, -Number.MAX_VALUE, { a: [null] }],
    ])
    expect(all('1e1000, (.[0] * 1e308 | . * 10)', [1])).toEqual([Number.MAX_VALUE, Number.MAX_VALUE])
    expect(errorOf(() => all('error([nan])')).value).toEqual([null])
  })
})

describe('variables', () => {
  it('are bound for one evaluation', () => {
    expect(all('$a + $b', null, { a: 1, b: 2 })).toEqual([3])
    expect(all('def f: $a; [f, ($a as $b | $b)]', null, { a: 1 })).toEqual([[1, 1]])
  })

  it('are null where they are declared and not given', () => {
    expect(compile('$a', { variables: ['a'] }).first(null)).toBeNull()
    expect(
      compile('$a', { variables: ['a'] }).first(null, Object.create({ a: 1 }) as Record<string, Json>),
    ).toBeNull()
  })

  it('are refused where they are not declared, with their place', () => {
    const error = errorOf(() => compile('.a |\n  $nope'))
    expect(error).toMatchObject({ code: 'SLUSE-JQ-SYNTAX', offset: 7, line: 2, column: 3 })
    expect(error.message).toContain('$nope is not defined')
  })

  it.each([
    ['$secrets.db.password', [['secrets', 'db', 'password']]],
    ['$context', [['context']]],
    [
      '$a["b"].c + $a.b',
      [
        ['a', 'b', 'c'],
        ['a', 'b'],
      ],
    ],
    ['$a[$k] | .x', [['a'], ['k']]],
    ['. as $a | $a.b + $k', [['k']]],
    ['def f($a): $a + $k; f($a.x)', [['k'], ['a', 'x']]],
    ['reduce .[] as [$a] ($k; . + $a) | "\\($secrets.x)"', [['k'], ['secrets', 'x']]],
    ['. as {a: $a, ($k): $x} ?// [$y] | $x + $y', [['k']]],
    ['.a', []],
  ])('are listed as references: %s', (filter, references) => {
    expect(compile(filter, { variables: ['secrets', 'context', 'a', 'k'] }).references).toEqual(references)
  })
})

describe('a filter that is not valid', () => {
  it.each([
    ['.a | ', 5],
    ['{a: ', 4],
    ['.a b', 3],
    ['1 +', 3],
    ['"abc', 0],
    ['"a\\(1', 2],
    ['"\\x"', 1],
    ['if . then 1', 11],
    ['1 == 1 == 1', 7],
    ['foo(1)', 0],
    ['break $x', 0],
    ['.[', 2],
    ['. as [] | 1', 6],
    ['{(1): 2}', 2],
    ['@', 0],
    ['reduce . as $x (0)', 17],
  ])('is told with its place: %s', (filter, offset) => {
    const error = errorOf(() => compile(filter))
    expect(error.code).toBe('SLUSE-JQ-SYNTAX')
    expect(error.offset).toBe(offset)
  })

  it.each([
    ...[
      '$ENV',
      'env',
      'input',
      'inputs',
      'debug',
      'debug("x")',
      'stderr',
      'input_filename',
      'halt',
      'halt_error',
    ],
    ...[
      'halt_error(1)',
      'get_search_list',
      '$__prog_args',
      'input_line_number',
      'now',
      'modulemeta',
      'import "a" as a; .',
    ],
    ...['include "a"; .', 'if . then input else . end', 'def f: env; 1 | f'],
  ])('is refused with a reason where it needs a host: %s', (filter) => {
    expect(errorOf(() => compile(filter)).code).toBe('SLUSE-JQ-REFUSED')
  })

  it('is refused only for what it calls: its own functions may have any name', () => {
    expect(all('def env: {A: 1}; def input: 2; [env.A, input]')).toEqual([[1, 2]])
  })
})

describe('objects', () => {
  it('hold "__proto__" and other inherited names as plain data', () => {
    const input = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}') as Json
    expect(all('.__proto__.polluted, .constructor', input)).toEqual([1, 2])
    for (const filter of [
      '{__proto__: 1}',
      '.["__proto__"] = 1',
      '{} + {"__proto__": 1}',
      '[["__proto__", 1]] | map({(.[0]): .[1]}) | add',
    ]) {
      const [object] = all(filter)
      expect(Object.keys(object as object)).toEqual(['__proto__'])
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    }
    expect(all('[.toString, .valueOf, .__proto__, ."hasOwnProperty"]', {})).toEqual([
      [null, null, null, null],
    ])
    expect(all('[has("toString", "a")], ([to_entries[].key])', { a: 1 })).toEqual([[false, true], ['a']])
    expect(all('from_entries', [{ key: '__proto__', value: { x: 1 } }])).toEqual([
      JSON.parse('{"__proto__":{"x":1}}'),
    ])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('do not take an array for an object: names of its methods are no fields', () => {
    for (const filter of ['.length', '.map', '.["0"]'])
      expect(() => all(filter, [1])).toThrow('Cannot index array with string')
  })

  it('keep the order in which their members were set', () => {
    expect(all('{b: 1, a: 2} + {c: 3, b: 4} | keys_unsorted', null)).toEqual([['b', 'a', 'c']])
    expect(JSON.stringify(all('.c = 1 | .a |= 2', { a: 0, b: 0 })[0])).toBe('{"a":2,"b":0,"c":1}')
  })
})

describe('strings', () => {
  it('count and cut by code points', () => {
    expect(all('[length, .[1:2], .[-1:], (explode | length), index("b")]', '😀éb')).toEqual([
      [3, 'é', 'b', 3, 2],
    ])
  })

  it('are ordered by code points, where UTF-16 would order otherwise', () => {
    expect(all('sort', ['\u{1f600}', '\uffff', 'a'])).toEqual([['a', '\uffff', '\u{1f600}']])
    expect(all('. < "\\ud83d\\ude00"', '\uffff')).toEqual([true])
  })
})

describe('time', () => {
  it('comes from the clock that is given, and only from there', () => {
    expect(compile('now | todate', { now: () => 1425599621 }).first(null)).toBe('2015-03-05T23:53:41Z')
  })

  it('is UTC', () => {
    expect(all('localtime == gmtime, strflocaltime("%H:%M %Z")', 1425599621)).toEqual([true, '23:53 UTC'])
  })

  it.each([
    [
      '1425599621 | strftime("%A %a %B %b %d %e %H %I %j %m %M %p %S %u %w %y %Y %Z %z %%")',
      'Thursday Thu March Mar 05  5 23 11 064 03 53 PM 41 4 4 15 2015 UTC +0000 %',
    ],
    [
      '1425599621 | strftime("%G-W%V %U %W %C %s %D %T %R %F")',
      '2015-W10 09 09 20 1425599621 03/05/15 23:53:41 23:53 2015-03-05',
    ],
    ['"2015-03-05T23:51:47Z" | fromdate', 1425599507],
    ['"Thu, 05 Mar 2015 23:51:47 +0100" | strptime("%a, %d %b %Y %H:%M:%S %z") | mktime', 1425599507],
    ['"12:30 PM" | strptime("%I:%M %p") | .[3]', 12],
    ['"2016 60" | strptime("%Y %j") | strftime("%m-%d")', '02-29'],
    ['[2024, 14, 1, 0, 0, 0, 0, 0] | mktime | todate', '2025-03-01T00:00:00Z'],
    ['-62135596800 | todate', '0001-01-01T00:00:00Z'],
    ['[1e20 | try gmtime catch "far"] | .[0]', 'far'],
  ])('is computed: %s', (filter, wanted) => {
    expect(all(filter)).toEqual([wanted])
  })
})

describe('regular expressions', () => {
  it.each<[string, string, Json[]]>([
    [
      '[match("(?<x>a)|(?<y>b)"; "g") | .captures[] | [.name, .string]]',
      'ab',
      [
        [
          ['x', 'a'],
          ['y', null],
          ['x', null],
          ['y', 'b'],
        ],
      ],
    ],
    ['[match("(?i)É|\\\\bx\\\\b").offset]', 'é x', [[0]]],
    ['[scan("\\\\p{Lu}\\\\w*")]', 'Ærø og Åbenrå', [['Ærø', 'Åbenrå']]],
    ['[match("a++b|(?>a+)c").string]', 'aac', [['aac']]],
    ['[match("(?<=æ)b|(?<!a)c").offset]', 'aæb', [[2]]],
    ['[match("\\\\((?:[^()]|\\\\g<0>)*\\\\)").string]', 'x((a)b)', [['((a)b)']]],
    ['[match("(a|ab)(c|bcd)?"; "l").string]', 'abcd', [['abcd']]],
    ['[match("a*?"; "gn").string]', 'aa', [['a', 'a']]],
    ['[match("(?x) a  b # both").string]', 'ab', [['ab']]],
    ['[match("(\\\\w)\\\\1").string]', 'hello', [['ll']]],
    ['[match("(a)?(?(1)b|c)"; "g").string]', 'abc', [['ab', 'c']]],
    ['[match("(?:ab){2,3}?"; "g").string]', 'ababababab', [['abab', 'abab']]],
    ['gsub("(?<d>\\\\d+)"; "<\\(.d)>")', 'a1b22', ['a<1>b<22>']],
    ['[splits("[, ]+")]', 'a, b,c', [['a', 'b', 'c']]],
    ['sub("(?<a>.)"; "\\(.a)1", "\\(.a)2")', 'xy', ['x1y', 'x2y']],
    ['[test("^b"), test("(?m)^b"), test("a.b"; "s"), test("(?s)a.b")]', 'a\nb', [[false, true, false, true]]],
  ])('match as in jq: %s', (filter, input, wanted) => {
    expect(all(filter, input)).toEqual(wanted)
  })

  it.each(['(', '[a', '*', 'a{2,1}', '\\p{Nope}', '(?<1>a)', '\\k<x>', '(?z)a', 'a\\'])(
    'that are not valid are told: %s',
    (pattern) => {
      expect(() => all('test($p)', 'a', { p: pattern })).toThrow('Regex failure')
    },
  )
})

describe('update expressions', () => {
  it.each<[string, Json, Json]>([
    ['.a.b |= . + 1', { a: { b: 1 } }, { a: { b: 2 } }],
    ['.[] |= select(. > 1)', [1, 2, 3], [2, 3]],
    ['.a[] |= empty', { a: { x: 1, y: 2 } }, { a: {} }],
    ['. |= empty', 1, null],
    ['(.a, .a.b) |= (. // {} | {b: ., c: .})', {}, { a: { b: { b: {}, c: {} }, c: {} } }],
    ['.a[1:3] |= map(. * 10)', { a: [1, 2, 3, 4] }, { a: [1, 20, 30, 4] }],
    ['.a[.k] = 1', { k: 'x' }, { k: 'x', a: { x: 1 } }],
    ['.["a", "b"] += 1', { a: 1 }, { a: 2, b: 1 }],
    [
      'reduce .[] as $x ({}; .[$x] += 1 | .all += [$x])',
      ['a', 'b', 'a'],
      { a: 2, b: 1, all: ['a', 'b', 'a'] },
    ],
    ['reduce (1, 2) as $x ({n: [0]}; .n += [$x] | .old = .n)', null, { n: [0, 1, 2], old: [0, 1, 2] }],
    [
      'reduce (1, 2) as $x ({n: [0], all: []}; .all += [.n] | .n += [$x])',
      null,
      { n: [0, 1, 2], all: [[0], [0, 1]] },
    ],
    ['reduce (1, 2) as $x ([]; . + [.])', null, [[], [[]]]],
    ['to_entries | map(.value |= tostring) | from_entries', { a: 1 }, { a: '1' }],
  ])('%s', (filter, input, wanted) => {
    expect(all(filter, input)).toEqual([wanted])
  })

  it('name only places: a value that was made is none, even where it is equal', () => {
    expect(() => all('(.a | ascii_downcase) |= "x"', { a: 'abc' })).toThrow(
      'Invalid path expression with result "abc"',
    )
  })
})
