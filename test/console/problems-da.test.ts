import { expect, test } from 'vitest'
import { errorTable } from '../../src/errors.ts'
import { problemsInDanish } from '../../console/src/texts/problems-da.ts'

test('every error of the table can be told in Danish', () => {
  expect(Object.keys(errorTable).filter((code) => problemsInDanish[code] === undefined)).toEqual([])
})
