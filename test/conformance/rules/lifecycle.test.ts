import { describe, expect } from 'vitest'
import type { CloudEvent } from '../../../src/workflow/index.ts'
import { feature } from '../feature.ts'
import { definitionText, event, useHarness } from './harness.ts'

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
const boom = { raise: { error: { type: 'https://test.example/boom', status: 418, title: 'Boom' } } }
const error = { type: 'https://test.example/boom', status: 418, title: 'Boom', instance: '/do/0/a' }

/** dsl.md and dsl-reference.md, "Lifecycle Events": exactly the documented data, no more and no less. */
describe('lifecycle events', () => {
  const { run, internet } = useHarness({ 'never.example': () => new Promise(() => {}) })
  const named = (name: string, tasks: object[]) => JSON.parse(definitionText(tasks, { name }))
  const short = ({ type, data }: CloudEvent): [string, unknown] => [
    type.replace(/^io\.serverlessworkflow\./, '').replace(/\.v1$/, ''),
    data,
  ]
  const qualified = (name: string) => expect.stringMatching(new RegExp(`^${name}-.+\\.test$`))

  feature(['lifecycle.workflow', 'lifecycle.task'], 'a run that completes', async () => {
    const { lifecycle } = await run(named('fine', [{ a: { set: { x: 1 } } }]))
    const workflow = qualified('fine')
    const task = '/do/0/a'
    expect(lifecycle.map(short)).toEqual([
      [
        'workflow.started',
        {
          name: workflow,
          definition: { name: 'fine', namespace: 'test', version: '1.0.0' },
          startedAt: time,
        },
      ],
      ['task.created', { workflow, task, createdAt: time }],
      ['task.started', { workflow, task, startedAt: time }],
      ['task.completed', { workflow, task, completedAt: time, output: { x: 1 } }],
      ['workflow.completed', { name: workflow, completedAt: time, output: { x: 1 } }],
    ])
  })

  feature(['lifecycle.workflow', 'lifecycle.task'], 'a run that faults', async () => {
    const { lifecycle } = await run(named('broken', [{ a: boom }]))
    const workflow = qualified('broken')
    expect(lifecycle.slice(-2).map(short)).toEqual([
      ['task.faulted', { workflow, task: '/do/0/a', faultedAt: time, error }],
      ['workflow.faulted', { name: workflow, faultedAt: time, error }],
    ])
  })

  feature(['lifecycle.workflow', 'lifecycle.task'], 'a run that is cancelled', async () => {
    const call = { call: 'http', with: { method: 'get', endpoint: 'https://never.example/' } }
    const ended = await run(named('stopped', [{ outer: { do: [{ call }] } }]), {
      cancelWhen: async () => {
        while (internet().requests.length === 0) await new Promise((done) => setTimeout(done, 5))
      },
    })
    const workflow = qualified('stopped')
    expect(ended.status).toBe('cancelled')
    expect(ended.lifecycle.slice(-3).map(short)).toEqual([
      ['task.cancelled', { workflow, task: '/do/0/outer/do/0/call', cancelledAt: time }],
      ['task.cancelled', { workflow, task: '/do/0/outer', cancelledAt: time }],
      ['workflow.cancelled', { name: workflow, cancelledAt: time }],
    ])
  })

  feature('lifecycle.workflow', 'a run that is cancelled while it waits for long', async () => {
    const ended = await run(named('sleeps', [{ w: { wait: { days: 9 } } }]), {
      cancelWhen: () => new Promise((done) => setTimeout(done, 200)),
    })
    expect(ended.status).toBe('cancelled')
    expect(ended.lifecycle.slice(-2).map(short)).toEqual([
      ['task.cancelled', { workflow: qualified('sleeps'), task: '/do/0/w', cancelledAt: time }],
      ['workflow.cancelled', { name: qualified('sleeps'), cancelledAt: time }],
    ])
  })

  feature('lifecycle.task', 'a task that is skipped is not told of', async () => {
    const { lifecycle } = await run(named('skips', [{ a: { if: 'false', set: { x: 1 } } }]))
    expect(lifecycle.map(short).map(([type]) => type)).toEqual(['workflow.started', 'workflow.completed'])
  })

  feature(
    'lifecycle.correlation',
    'a wait for events begins and ends, with what was correlated',
    async () => {
      const correlate = { order: { from: '.data.order' } }
      const tasks = [{ l: { listen: { to: { one: { with: { type: 't' }, correlate } } } } }]
      const { lifecycle } = await run(named('listens', tasks), { events: [event('t', { order: 7 })] })
      const name = qualified('listens')
      expect(lifecycle.map(short).filter(([type]) => type.includes('correlation'))).toEqual([
        ['workflow.correlation-started', { name, startedAt: time }],
        ['workflow.correlation-completed', { name, completedAt: time, correlationKeys: { order: 7 } }],
      ])
    },
  )

  feature('lifecycle.correlation', 'without keys there are none', async () => {
    const tasks = [{ l: { listen: { to: { one: { with: { type: 't' } } } } } }]
    const { lifecycle } = await run(named('listens-any', tasks), { events: [event('t', 1)] })
    expect(lifecycle.map(short).find(([type]) => type === 'workflow.correlation-completed')?.[1]).toEqual({
      name: qualified('listens-any'),
      completedAt: time,
    })
  })

  feature('lifecycle.envelope', 'each is a CloudEvent of its own, from the run', async () => {
    const { lifecycle } = await run(named('told', [{ a: { set: { x: 1 } } }]))
    const [first] = lifecycle
    for (const told of lifecycle) {
      expect(told).toMatchObject({
        specversion: '1.0',
        id: expect.stringMatching(/./),
        source: expect.stringContaining('/test/told/1.0.0'),
        subject: first?.subject,
        time,
        datacontenttype: 'application/json',
      })
    }
    expect(first?.subject).toEqual(expect.stringMatching(/./))
    expect(new Set(lifecycle.map(({ id }) => id)).size).toBe(lifecycle.length)
  })
})
