import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { clientTypes, makeClientTypes } from './docs-api.ts'

test("the console's types are those of the API", async () => {
  expect(readFileSync(clientTypes, 'utf8'), 'run npm run docs:api').toBe(await makeClientTypes())
})
