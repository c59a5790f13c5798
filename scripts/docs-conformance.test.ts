import { expect, test } from 'vitest'
import { faults, page, shownBy, type TestReport } from './docs-conformance.ts'

const groups = [{ title: 'Flow', source: 'dsl.md', features: { 'flow.end': 'Ends.', 'flow.exit': 'Exits.' } }]
const report = (...tests: [string, string][]): TestReport => ({
  testResults: [
    { name: '/root/a/flow.test.ts', assertionResults: tests.map(([title, status]) => ({ title, status })) },
  ],
})
const both: [string, string] = ['[flow.end][flow.exit] both | at once', 'passed']

test('a rule is shown by each passing test that names it', () => {
  const tests = shownBy(report(both, ['no tag', 'passed']), '/root')
  expect(tests).toEqual([
    { file: 'a/flow.test.ts', fact: 'both | at once', features: ['flow.end', 'flow.exit'], state: 'passed' },
  ])
  expect(faults(groups, [], tests)).toEqual([])
  expect(page(groups, [], tests)).toContain(
    '| `flow.exit` | Exits. | both \\| at once ([flow](../../a/flow.test.ts)) |',
  )
})

test.each([
  ['a rule without a test', report(['[flow.end] x', 'passed']), 'no passing test shows flow.exit'],
  [
    'a rule whose test is skipped',
    report(['[flow.end] x', 'passed'], ['[flow.exit] y', 'pending']),
    'flow.exit',
  ],
  ['a test that fails', report(both, ['[flow.end] x', 'failed']), 'fails: x'],
  ['a tag that is not listed', report(both, ['[flow.jump] x', 'passed']), 'not listed: flow.jump'],
])('%s is a fault', (_, given, said) => {
  expect(faults(groups, [], shownBy(given, '/root')).join()).toContain(said)
})
