import { expect, test } from 'vitest'
import { fault, problemOf, sameErrorType } from './problem.ts'

const addresses = [
  'https://serverlessworkflow.io/spec/1.0.0/errors/timeout',
  'https://open-workflow-specification.org/spec/1.0.0/errors/timeout',
  'https://open-workflow-specification.org/dsl/errors/types/timeout',
  'https://serverlessworkflow.io/dsl/errors/types/timeout',
]

test('a standard error has the same type at each of its addresses', () => {
  for (const a of addresses) for (const b of addresses) expect(sameErrorType(a, b)).toBe(true)
})

test.each([
  ['https://serverlessworkflow.io/spec/1.0.0/errors/runtime', addresses[0]],
  [
    'https://serverlessworkflow.io/spec/1.0.0/errors/mine',
    'https://open-workflow-specification.org/spec/1.0.0/errors/mine',
  ],
  ['https://example.org/dsl/errors/types/timeout', addresses[2]],
  ['timeout', addresses[0]],
])('%s is not the type %s', (a, b) => {
  expect(sameErrorType(a, b as string)).toBe(false)
})

test('problem details are recognised on whatever carries them', () => {
  const { problem } = fault('timeout', 'late')
  expect(problem).toMatchObject({ type: addresses[0], status: 408, title: 'Timeout', detail: 'late' })
  expect(problemOf({ problem })).toBe(problem)
  expect(problemOf(new Error('x'))).toBeUndefined()
  expect(problemOf({ problem: { type: 'x' } })).toBeUndefined()
})
