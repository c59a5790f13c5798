import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { files } from './docs-policies.ts'

test.each(Object.entries(files))('%s is what the guard does', async (file, draw) => {
  expect(readFileSync(file, 'utf8'), 'run npm run docs:policies').toBe(await draw())
})
