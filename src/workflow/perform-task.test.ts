import { describe, expect, test } from 'vitest'
import { interpret } from './interpreter.ts'
import { Scope } from './scope.ts'
import { after, MemoryContext, type Taking } from './testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow, startedAt, startOf, told } from './testing/run-workflow.ts'
import type { Json } from './json.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
const call = { call: 'http', with: { method: 'get', endpoint: 'https://example.org' } }
const slow = { http: (): Json | Taking => after(60_000, 'late') }

describe('a task', () => {
  test('that is skipped puts out its raw input, and nothing else of it happens', async () => {
    const skipped = {
      if: '.go',
      input: { schema: { document: false }, from: '.x' },
      set: 1,
      output: { as: '2' },
      export: { as: '3' },
      then: 'end',
    }
    const result = await runWorkflow([{ skipped }, { last: { set: '${ [., $context] }' } }], {
      input: { go: false },
    })
    expect(result.ended).toEqual({ status: 'completed', output: [{ go: false }, null] })
    expect(told(result).join(' ')).not.toContain('skipped')
  })

  test('whose condition fails is faulted', async () => {
    const result = await runWorkflow([{ a: { if: 'error("no")', set: { a: 1 } } }])
    expect(result.ended).toMatchObject({
      status: 'faulted',
      error: { type: `${standard}expression`, instance: '/do/0/a' },
    })
    expect(told(result)).toEqual(['workflow.started', 'task.created /do/0/a', 'task.faulted /do/0/a'])
  })

  test('tells its raw input, its output and its fault', async () => {
    const raise = { raise: { error: { type: 'https://example.org/x', status: 400 } } }
    const { context } = await runWorkflow([{ a: { input: { from: '.n' }, set: { b: 1 } } }, { raise }], {
      input: { n: 1 },
    })
    expect(context.reports).toEqual([
      { kind: 'workflow.started' },
      { kind: 'task.created', task: '/do/0/a', key: '/do/0/a' },
      { kind: 'task.started', task: '/do/0/a', key: '/do/0/a', input: { n: 1 } },
      { kind: 'task.completed', task: '/do/0/a', key: '/do/0/a', output: { b: 1 } },
      { kind: 'task.created', task: '/do/1/raise', key: '/do/1/raise' },
      { kind: 'task.started', task: '/do/1/raise', key: '/do/1/raise', input: { b: 1 } },
      {
        kind: 'task.faulted',
        task: '/do/1/raise',
        key: '/do/1/raise',
        error: { type: 'https://example.org/x', status: 400, instance: '/do/1/raise' },
      },
    ])
  })

  test('that is rerun gets the raw input that the rerun gives it', async () => {
    const tasks = [{ a: { set: { n: 1 } } }, { b: { set: '${ [.n] }' } }]
    expect(await outputOf(tasks, { override: { key: '/do/1/b', input: { n: 5 } } })).toEqual([5])
  })
})

describe('a timeout', () => {
  test('interrupts what is pending and raises an error that can be caught', async () => {
    const timed = { do: [{ call }], timeout: { after: { seconds: 1 } } }
    const caught = {
      try: [{ timed }],
      catch: { errors: { with: { status: 408 } }, do: [{ h: { set: '${ $error }' } }] },
    }
    const result = await runWorkflow([{ caught }], { activities: slow })
    expect(result.ended).toMatchObject({
      status: 'completed',
      output: { type: `${standard}timeout`, status: 408, instance: '/do/0/caught/try/0/timed' },
    })
    expect(told(result)).toContain('task.cancelled /do/0/caught/try/0/timed/do/0/call')
    expect(result.context.now()).toBe(startedAt + 1000)
  })

  test('does nothing to a task that is in time', async () => {
    const timed = { ...call, timeout: { after: 'PT1M' } }
    const result = await runWorkflow([{ timed }], { activities: { http: () => after(59_999, 'in time') } })
    expect(result.ended).toEqual({ status: 'completed', output: 'in time' })
  })

  test('is used by name, and may be an expression on the input', async () => {
    const workflow = {
      use: { timeouts: { short: { after: { seconds: 1 } } } },
      do: [{ a: { ...call, timeout: 'short' } }],
    }
    expect(await errorOf(workflow, { activities: slow })).toMatchObject({ type: `${standard}timeout` })
    const byExpression = [{ a: { ...call, timeout: { after: '${ .limit }' } } }]
    expect(await errorOf(byExpression, { activities: slow, input: { limit: 'PT1S' } })).toMatchObject({
      status: 408,
    })
    expect(await errorOf(byExpression, { activities: slow, input: { limit: 'soon' } })).toMatchObject({
      type: `${standard}expression`,
    })
    expect(await errorOf([{ a: { ...call, timeout: 'none' } }], { activities: slow })).toMatchObject({
      type: `${standard}configuration`,
    })
  })

  test('of an outer task wins over what runs within', async () => {
    const inner = {
      try: [{ call }],
      catch: { retry: { delay: { seconds: 1 } } },
      timeout: { after: { minutes: 5 } },
    }
    expect(
      await errorOf([{ a: { do: [{ inner }], timeout: { after: { seconds: 1 } } } }], { activities: slow }),
    ).toMatchObject({
      instance: '/do/0/a',
    })
  })

  test('of the workflow counts from its start and faults it', async () => {
    const workflow = {
      timeout: { after: { seconds: 90 } },
      do: [{ w: { wait: { seconds: 60 } } }, { again: { wait: { seconds: 60 } } }],
    }
    const result = await runWorkflow(workflow)
    expect(result.ended).toMatchObject({ status: 'faulted', error: { status: 408 } })
    expect(result.context.now()).toBe(startedAt + 90_000)
  })
})

describe('a run', () => {
  test('that is cancelled interrupts what is pending, and no catch stops it', async () => {
    const tasks = [{ t: { try: [{ call }], catch: { do: [{ h: { set: { caught: true } } }] } } }]
    const result = await runWorkflow(tasks, { activities: slow, cancelAt: startedAt + 5 })
    expect(result.ended).toEqual({ status: 'cancelled' })
    expect(told(result).slice(-2)).toEqual(['task.cancelled /do/0/t/try/0/call', 'task.cancelled /do/0/t'])
  })

  test('breathes in long pure loops, so that it can be cancelled', async () => {
    const tasks = [{ a: { set: { n: 1 } } }, { b: { set: { n: 2 }, then: 'a' } }]
    const result = await runWorkflow(tasks, { cancelAt: startedAt })
    expect(result.ended).toEqual({ status: 'cancelled' })
    expect(result.context.asked.size).toBe(1)
    expect([...result.context.asked.keys()][0]).toMatch(/^\/do\/\d\/[ab]#\d+\/breath$/)
  })

  test('is refused tasks that are too deep within one another', async () => {
    const workflow = {
      use: { functions: { f: { do: [{ again: { call: 'f' } }] } } },
      do: [{ a: { call: 'f' } }],
    }
    expect(await errorOf(workflow)).toMatchObject({
      type: `${standard}runtime`,
      detail: expect.stringContaining('500 deep') as string,
    })
  })

  test('that goes round for ever is ended by a fault that says so', async () => {
    const tasks = [{ a: { set: { n: 1 } } }, { b: { set: { n: 2 }, then: 'a' } }]
    const start = startOf(tasks)
    const context = new MemoryContext({}, new Scope(), start.startedAt)
    const quiet = Object.assign(context, { report: () => {}, sleep: async () => {} })
    await expect(interpret(start, quiet, new Scope())).rejects.toThrow('1000000 tasks')
  }, 60_000)

  test('is refused an expression language other than jq', async () => {
    expect(await errorOf({ evaluate: { language: 'js' }, do: [] })).toMatchObject({
      type: `${standard}configuration`,
    })
  })
})
