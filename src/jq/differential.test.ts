import fc from 'fast-check'
import { loadJq } from 'jq-wasm'
import { describe, expect, it } from 'vitest'
import type { Json } from './index.ts'
import { JqError, compile } from './index.ts'
import { filters, inputs } from './testing/filters.ts'

const reference = await loadJq()
const variable: Json = [1, { a: 2 }]

interface Outcome {
  readonly values: readonly Json[]
  readonly error: string | undefined
}

function ours(filter: string, input: Json): Outcome | 'limit' {
  const values: Json[] = []
  try {
    const program = compile(filter, { variables: ['x'], limits: { steps: 200_000, size: 2_000_000 } })
    for (const value of program(input, { x: variable })) values.push(value)
  } catch (error) {
    if (!(error instanceof JqError)) throw error
    if (error.code === 'SLUSE-JQ-LIMIT') return 'limit'
    return { values, error: typeof error.value === 'string' ? error.value : JSON.stringify(error.value) }
  }
  return { values, error: undefined }
}

function theirs(filter: string, input: Json): Outcome {
  const flags = ['-c', '--argjson', 'x', JSON.stringify(variable)]
  const { stdout, stderr } = reference.raw(input === null ? 'null' : JSON.stringify(input), filter, flags)
  const lines = stdout.split('\n').filter((line) => line !== '')
  const error = stderr.trim().replace(/^jq: error \(at [^)]*\)(?: \(not a string\))?: ?/, '')
  return { values: lines.map((line) => JSON.parse(line) as Json), error: stderr === '' ? undefined : error }
}

/**
 * Where jq finds that a filter is no path it depends on whether two equal values are the same one in memory,
 * and its own functions leave traces in the path; docs/reference/expressions.md says where we differ.
 */
const isAboutPaths = /Invalid path expression|Cannot update string slices/

describe('real jq 1.8.2', () => {
  it('gives the same values and the same errors for random filters and inputs', () => {
    let compared = 0
    fc.assert(
      fc.property(filters, inputs, (filter, input) => {
        const mine = ours(filter, input)
        if (mine === 'limit') return
        const wanted = theirs(filter, input)
        if (isAboutPaths.test(`${mine.error} ${wanted.error}`)) return
        compared++
        expect(mine).toEqual(wanted)
      }),
      { numRuns: 600, seed: 20_261_124 },
    )
    expect(compared).toBeGreaterThan(400)
  }, 120_000)

  it('orders object keys as we do', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => !/^\d+$|^__proto__$|\0/.test(key)),
          fc.nat(),
          { noNullPrototype: true },
        ),
        (input) => {
          const filter = '[keys, keys_unsorted, (to_entries | map(.key)), [.[]]]'
          expect(ours(filter, input)).toEqual(theirs(filter, input))
        },
      ),
      { numRuns: 100, seed: 1 },
    )
  })

  it('writes computed numbers as we do', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => number !== 0),
        (number) => {
          const filter = '. * 1 | tojson'
          expect(ours(filter, number)).toEqual(theirs(filter, number))
        },
      ),
      { numRuns: 300, seed: 1 },
    )
  })
})
