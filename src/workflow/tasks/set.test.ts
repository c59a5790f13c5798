import { describe, expect, test } from 'vitest'
import { outputOf } from '../testing/run-workflow.ts'

describe('set', () => {
  test('replaces the data by a template or by what an expression gives', async () => {
    expect(await outputOf([{ a: { set: { n: '${ .x }', fixed: [1] } } }], { input: { x: 1, y: 2 } })).toEqual(
      { n: 1, fixed: [1] },
    )
    expect(await outputOf([{ a: { set: '${ .x }' } }], { input: { x: 1 } })).toBe(1)
  })
})
