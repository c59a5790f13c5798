import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Json } from './index.ts'
import { JqError, compile } from './index.ts'
import { parse } from './json.ts'
import { state } from './limits.ts'
import type { Case } from './testing/cases.ts'
import { readCases } from './testing/cases.ts'
import { exceptions, refusedByRule } from './testing/exceptions.ts'
import { compare } from './values.ts'

const folder = new URL('../../../shared/jq-tests/', import.meta.url)
const files = ['jq.test', 'man.test', 'manonig.test', 'onig.test', 'base64.test']

/** `undefined` where the case passes, or what came instead. */
function failureOf({ filter, input, outputs }: Case): { code: string; message: string } | undefined {
  const got: Json[] = []
  let error: JqError | undefined
  try {
    const program = compile(filter)
    if (input !== undefined) for (const value of program(read(input))) got.push(value)
  } catch (thrown) {
    if (!(thrown instanceof JqError)) throw thrown
    error = thrown
  }
  if (input === undefined) return error === undefined ? { code: '', message: 'It compiles.' } : undefined
  const wanted = outputs.map(read)
  if (got.length === wanted.length && got.every((value, i) => compare(value, wanted[i] as Json) === 0))
    return undefined
  return { code: error?.code ?? '', message: `gave ${JSON.stringify(got)} ${error?.message ?? ''}` }
}

function read(text: string): Json {
  state.size = 1e9
  state.steps = 1e9
  return parse(text.replace(/^\ufeff/, ''))
}

describe.skipIf(!existsSync(folder))("jq's own tests (skipped where their folder is missing)", () => {
  it.each(files)('%s passes but for the listed exceptions', (file) => {
    const surprises: string[] = []
    let passed = 0
    let refused = 0
    for (const test of readCases(readFileSync(new URL(file, folder), 'utf8'))) {
      const failure = failureOf(test)
      const isListed = exceptions.some(
        (exception) => exception.file === file && exception.filter === test.filter,
      )
      if (failure === undefined) passed++
      else if (failure.code === refusedByRule) refused++
      else if (!isListed) surprises.push(`line ${test.line}: ${test.filter}\n  ${failure.message}`)
    }
    expect(surprises).toEqual([])
    expect(passed).toBeGreaterThan(refused)
  })

  it('every listed exception still fails', () => {
    const all = files.flatMap((file) =>
      readCases(readFileSync(new URL(file, folder), 'utf8')).map((test) => ({ file, test })),
    )
    const idle = exceptions.filter(
      ({ file, filter }) =>
        !all.some(
          (entry) =>
            entry.file === file && entry.test.filter === filter && failureOf(entry.test) !== undefined,
        ),
    )
    expect(idle).toEqual([])
  })
})
