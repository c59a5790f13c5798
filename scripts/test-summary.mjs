// Prints the count of the last test run in the plain form that any CI can read.
import { readFileSync } from 'node:fs'

const { numPassedTests, numFailedTests, numPendingTests, success } = JSON.parse(
  readFileSync('.cache/test-results.json', 'utf8'),
)
const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped}`)
process.exitCode = success ? 0 : 1
