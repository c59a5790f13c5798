import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { useHarness } from './harness.ts'

const timeout = 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout'
const soon = { after: { milliseconds: 30 } }

/** dsl-reference.md, "Timeout", "Duration", "Wait". */
describe('time', () => {
  let aborted: Promise<void>
  const { output, error, run, refused } = useHarness({
    'slow.example': ({ closed }) => {
      aborted = closed
      return new Promise(() => {})
    },
  })

  feature(
    ['timeout.task', 'error.timeout'],
    'a task that takes too long raises an error with status 408',
    async () => {
      expect(await error([{ a: { wait: { hours: 1 }, timeout: soon } }])).toMatchObject({
        type: timeout,
        status: 408,
        instance: '/do/0/a',
      })
    },
  )

  feature('error.timeout', 'a timeout can be caught', async () => {
    const task = {
      try: [{ a: { wait: { hours: 1 }, timeout: soon } }],
      catch: { errors: { with: { type: timeout, status: 408 } }, do: [{ h: { set: { late: true } } }] },
    }
    expect(await output([{ task }])).toEqual({ late: true })
  })

  feature('timeout.task', 'a task that is done in time is not touched', async () => {
    expect(await output([{ a: { set: { a: 1 }, timeout: { after: { hours: 1 } } } }])).toEqual({ a: 1 })
  })

  feature('timeout.workflow', 'a workflow that takes too long faults', async () => {
    const workflow = { timeout: soon, do: [{ a: { do: [{ b: { wait: { hours: 1 } } }] } }] }
    expect(await error(workflow)).toMatchObject({ type: timeout, status: 408 })
  })

  feature('timeout.workflow', 'the workflow’s own timeout cannot be caught inside it', async () => {
    const workflow = { timeout: soon, do: [{ a: { try: [{ b: { wait: { hours: 1 } } }], catch: {} } }] }
    expect(await error(workflow)).toMatchObject({ type: timeout })
  })

  feature('timeout.interrupts', 'a timeout closes an open request', async () => {
    const call = { call: 'http', with: { method: 'get', endpoint: 'https://slow.example/' } }
    const task = {
      do: [{ branch: { fork: { branches: [{ call }] } } }],
      timeout: { after: { milliseconds: 500 } },
    }
    const ended = await run([{ task }])
    expect(ended.error).toMatchObject({ type: timeout, instance: '/do/0/task' })
    await aborted
  })

  feature('timeout.task', 'the timeout of a try task covers its retries', async () => {
    const raise = { raise: { error: { type: 'https://test.example/x', status: 500 } } }
    const task = { try: [{ raise }], catch: { retry: { delay: { hours: 1 } } }, timeout: soon }
    expect(await error([{ task }])).toMatchObject({ type: timeout, instance: '/do/0/task' })
  })

  feature('use.timeouts', 'tasks and workflow name a timeout', async () => {
    const use = { timeouts: { soon } }
    expect(await error({ use, do: [{ a: { wait: { hours: 1 }, timeout: 'soon' } }] })).toMatchObject({
      type: timeout,
      instance: '/do/0/a',
    })
    expect(await error({ use, timeout: 'soon', do: [{ a: { wait: { hours: 1 } } }] })).toMatchObject({
      type: timeout,
    })
  })

  const waits: [string, unknown][] = [
    ['one unit', { milliseconds: 1 }],
    ['units that add up', { seconds: 0, milliseconds: 1 }],
    ['ISO 8601 text', 'PT0.001S'],
    ['an expression', '${ .duration }'],
  ]
  for (const [what, wait] of waits) {
    feature(['wait.duration', 'duration.units'], `wait takes ${what} and puts out its input`, async () => {
      expect(await output([{ a: { wait } }], { input: { duration: 'PT0.001S' } })).toEqual({
        duration: 'PT0.001S',
      })
    })
  }

  for (const wait of [{}, { second: 1 }, 'soon', 'P', { seconds: 'one' }]) {
    feature('duration.invalid', `${JSON.stringify(wait)} is no duration`, async () => {
      expect(await refused([{ a: { wait } }])).toContain('/do/0/a/wait')
    })
  }
})
