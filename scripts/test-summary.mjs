// Prints the count of the last test run in the plain form that any CI can read, and before it what the count hides: what
// was skipped (a name that says why, or the name of a suite that does), and what passed only when it was tried again.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const { numPassedTests, numFailedTests, numPendingTests, success, testResults } = JSON.parse(
  readFileSync('.cache/test-results.json', 'utf8'),
)
for (const { name, assertionResults } of testResults) {
  for (const { fullName, status, failureMessages } of assertionResults) {
    const test = `${relative('.', name)}: ${fullName}`
    if (status === 'skipped' || status === 'pending') console.log(`skipped: ${test}`)
    const [before] = failureMessages
    if (status === 'passed' && before) console.log(`tried again: ${test}: ${before.split('\n')[0]}`)
  }
}
const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped}`)
process.exitCode = success ? 0 : 1
