import { describe, expect, test } from 'vitest'
import { event, outputOf, runWorkflow, startedAt, told } from './testing/run-workflow.ts'

describe('a run', () => {
  test('performs tasks in order, each on the output of the one before', async () => {
    const tasks = [
      { a: { set: { n: 1 } } },
      { b: { call: 'http', with: { method: 'get', endpoint: 'https://example.org/{n}' } } },
      { c: { wait: { seconds: 5 } } },
      { d: { set: { answer: '${ . }', at: '${ $task.startedAt.epoch.milliseconds }' } } },
    ]
    const http = (input: unknown) => ({ asked: input }) as never
    const result = await runWorkflow(tasks, { activities: { http } })
    expect(result.ended).toEqual({
      status: 'completed',
      output: {
        answer: { asked: { method: 'get', endpoint: { uri: 'https://example.org/1' } } },
        at: startedAt + 5000,
      },
    })
    expect(told(result)).toEqual([
      'workflow.started',
      ...['a', 'b', 'c', 'd'].flatMap((name, index) =>
        ['created', 'started', 'completed'].map((what) => `task.${what} /do/${index}/${name}`),
      ),
    ])
  })

  test('waits for an event', async () => {
    expect(
      await outputOf([{ a: { listen: { to: { one: { with: { type: 'x' } } } } } }], {
        events: [event('y', 1), event('x', 2)],
      }),
    ).toEqual([2])
  })
})
