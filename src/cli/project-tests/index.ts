/** The project's own tests: `*.test.yaml` beside what they test. */
export { differences } from './compare.ts'
export { junit, type FileResult } from './junit.ts'
export { runCase } from './run-case.ts'
export { readTestFile, type TestCase, type TestFile } from './test-file.ts'
