import { describe, expect, test } from 'vitest'
import { outputOf } from '../testing/run-workflow.ts'

describe('switch', () => {
  const cases = (rest: object = {}) => [
    {
      s: {
        switch: [
          { other: { then: 'c' } },
          { small: { when: '. < 10', then: 'a' } },
          { tiny: { when: '${ . < 5 }', then: 'b' } },
        ],
        ...rest,
      },
    },
    ...['a', 'b', 'c'].map((name) => ({ [name]: { set: `\${ [., "${name}"] }`, then: 'end' } })),
  ]

  test('goes where the first case that holds says, with its input as output', async () => {
    expect(await outputOf(cases(), { input: 1 })).toEqual([1, 'a'])
  })

  test('goes where the case without condition says when none holds, wherever that stands', async () => {
    expect(await outputOf(cases(), { input: 50 })).toEqual([50, 'c'])
  })

  test('goes on by its own then when there is no such case', async () => {
    expect(
      await outputOf(cases({ switch: [{ x: { when: 'false', then: 'a' } }], then: 'b' }), { input: 1 }),
    ).toEqual([1, 'b'])
  })
})
