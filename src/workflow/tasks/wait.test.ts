import { describe, expect, test } from 'vitest'
import { errorOf, runWorkflow, startedAt } from '../testing/run-workflow.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'

describe('wait', () => {
  test('takes the time that it says, and puts out its input', async () => {
    for (const wait of [{ hours: 1, minutes: 1 }, 'PT61M', '${ .time }']) {
      const result = await runWorkflow([{ a: { wait } }], { input: { time: 'PT61M' } })
      expect(result.ended).toEqual({ status: 'completed', output: { time: 'PT61M' } })
      expect(result.context.now()).toBe(startedAt + 61 * 60_000)
    }
  })

  test('refuses what is no duration', async () => {
    expect(await errorOf([{ a: { wait: 'soon' } }])).toMatchObject({ type: `${standard}configuration` })
    expect(await errorOf([{ a: { wait: '${ "soon" }' } }])).toMatchObject({ type: `${standard}expression` })
  })
})
