// Prints the count of the last test run in the plain form that any CI can read, and before it what was skipped:
// a name that says why, or the name of a suite that does.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const { numPassedTests, numFailedTests, numPendingTests, success, testResults } = JSON.parse(
  readFileSync('.cache/test-results.json', 'utf8'),
)
for (const { name, assertionResults } of testResults) {
  for (const { fullName, status } of assertionResults) {
    if (status === 'skipped' || status === 'pending')
      console.log(`skipped: ${relative('.', name)}: ${fullName}`)
  }
}
const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped}`)
process.exitCode = success ? 0 : 1
