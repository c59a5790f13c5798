import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { started, useHarness } from './harness.ts'

/** dsl-reference.md, "Retry": times are small, and only their order of magnitude is asserted by what happens. */
describe('retry', () => {
  let failures = 0
  const { run, output, error, requests, internet } = useHarness({
    'flaky.example': () =>
      failures-- > 0 ? { status: 503, body: { message: 'not yet' } } : { body: { well: true } },
  })
  const call = { call: 'http', with: { method: 'get', endpoint: 'https://flaky.example/' } }
  const retrying = (retry: object | string, handler: object = {}) => [
    { t: { try: [{ count: { set: '${ . + 1 }' } }, { call }], catch: { retry, ...handler } } },
  ]
  const failing = (times: number) => void (failures = times)
  const ms = (milliseconds: number) => ({ milliseconds })

  feature(['retry.again', 'retry.limit-count'], 'it succeeds when the service is back in time', async () => {
    failing(2)
    expect(await output(retrying({ limit: { attempt: { count: 2 } } }), { input: 0 })).toEqual({ well: true })
    expect(requests).toHaveLength(3)
  })

  feature('retry.again', 'each attempt begins with the input of the try task', async () => {
    failing(2)
    const task = {
      try: [{ one: { set: '${ . + 1 }', export: { as: '.' } } }, { call }],
      catch: { retry: { limit: { attempt: { count: 2 } } } },
    }
    expect(await output([{ task }, { last: { set: '${ $context }' } }], { input: 0 })).toBe(1)
  })

  feature('retry.limit-count', 'after that many retries the last error goes on', async () => {
    failing(9)
    expect(await error(retrying({ limit: { attempt: { count: 2 } } }), { input: 0 })).toMatchObject({
      status: 503,
      instance: '/do/0/t/try/1/call',
    })
    expect(requests).toHaveLength(3)
  })

  feature('retry.then-do', 'when retries are used up the handler gets the last error', async () => {
    failing(9)
    const handler = { do: [{ h: { set: '${ $error.status }' } }] }
    expect(await output(retrying({ limit: { attempt: { count: 1 } } }, handler), { input: 0 })).toBe(503)
    expect(requests).toHaveLength(2)
  })

  feature('retry.then-do', 'the handler does not run for an error that a retry mends', async () => {
    failing(1)
    const handler = { do: [{ h: { set: '${ "handled" }' } }] }
    expect(await output(retrying({ limit: { attempt: { count: 1 } } }, handler), { input: 0 })).toEqual({
      well: true,
    })
  })

  feature('retry.again', 'an error that is not caught is not retried', async () => {
    failing(9)
    const filter = { errors: { with: { status: 500 } } }
    expect(await error(retrying({ limit: { attempt: { count: 5 } } }, filter), { input: 0 })).toMatchObject({
      status: 503,
    })
    expect(requests).toHaveLength(1)
  })

  feature('retry.when', 'when and exceptWhen decide on the error', async () => {
    const attempts = async (policy: object) => {
      failing(9)
      internet().requests.splice(0)
      await run(retrying({ ...policy, limit: { attempt: { count: 1 } } }), { input: 0 })
      return requests.length
    }
    expect(await attempts({ when: '.status == 503' })).toBe(2)
    expect(await attempts({ when: '$error.status == 500' })).toBe(1)
    expect(await attempts({ exceptWhen: '.status == 503' })).toBe(1)
    expect(await attempts({ exceptWhen: '.status == 500' })).toBe(2)
  })

  for (const kind of ['constant', 'linear', 'exponential']) {
    feature('retry.delay', `a ${kind} backoff with jitter retries until it succeeds`, async () => {
      failing(3)
      const policy = {
        delay: ms(1),
        backoff: { [kind]: {} },
        jitter: { from: ms(0), to: ms(2) },
        limit: { attempt: { count: 3 } },
      }
      expect(await output(retrying(policy), { input: 0 })).toEqual({ well: true })
    })
  }

  feature('retry.limit-duration', 'no retry begins when the time for all of them is over', async () => {
    failing(1000)
    const policy = { delay: { seconds: 30 }, limit: { duration: ms(50) } }
    expect(await error(retrying(policy), { input: 0 })).toMatchObject({ status: 503 })
    expect(requests).toHaveLength(1)
  })

  feature('retry.limit-attempt', 'an attempt that takes too long is given up and retried', async () => {
    const retry = { limit: { attempt: { count: 1, duration: ms(30) } } }
    const ended = await run([{ t: { try: [{ slow: { wait: { hours: 1 } } }], catch: { retry } } }])
    expect(ended.error).toMatchObject({ type: expect.stringContaining('timeout'), status: 408 })
    expect(started(ended)).toEqual(['t', 'slow', 'slow'])
  })

  feature('use.retries', 'a policy is used by name', async () => {
    failing(1)
    const workflow = {
      use: { retries: { once: { limit: { attempt: { count: 1 } } } } },
      do: retrying('once'),
    }
    expect(await output(workflow, { input: 0 })).toEqual({ well: true })
  })

  feature('lifecycle.retried', 'each retry is published with the task that is retried', async () => {
    failing(2)
    const ended = await run(retrying({ limit: { attempt: { count: 2 } } }), { input: 0 })
    const retried = ended.lifecycle.filter((event) => event.type === 'io.serverlessworkflow.task.retried.v1')
    expect(retried).toHaveLength(2)
    for (const { data } of retried) {
      expect(data).toEqual({
        workflow: expect.any(String),
        task: '/do/0/t',
        retriedAt: expect.stringMatching(/^\d{4}-.*(Z|[+-]\d\d:\d\d)$/),
      })
    }
  })
})
