import { afterEach, beforeEach, describe, expect } from 'vitest'
import { load, type Definition } from '../../../src/workflow/definition/index.ts'
import { type Internet, openInternet } from '../../servers/internet/index.ts'
import { ManualClock } from '../clocks.ts'
import { openTestEngine, type TestEngine } from '../engine-runner.ts'
import { feature } from '../feature.ts'
import { definitionText, event } from './harness.ts'

/** dsl.md, "Scheduling", "Status Phases"; dsl-reference.md, "Schedule". Time is the test's own. */
describe('schedules', () => {
  let clock: ManualClock
  let internet: Internet
  let opened: TestEngine
  beforeEach(async () => {
    clock = new ManualClock(Date.UTC(2026, 0, 5, 11, 59, 30))
    internet = await openInternet()
    opened = await openTestEngine(internet, { clock })
  })
  afterEach(async () => {
    await opened.close()
    await internet.close()
  })

  const deploy = async (definition: { [key: string]: unknown }) => {
    const loaded = load(definitionText(definition)).definition as Definition
    await opened.engine.deploy([loaded])
    return loaded.reference
  }
  const quick = [{ a: { set: '${ $workflow.input }' } }]

  /** Waits until that many runs of it have ended and gives their inputs, oldest first. */
  const runsOf = async ({ name }: { name: string }, count: number) => {
    const ended = async () => (await opened.history.runs({ name, status: ['completed'] })).runs
    while ((await ended()).length < count) await new Promise((done) => setTimeout(done, 2))
    const timelines = await Promise.all((await ended()).map(({ id }) => opened.history.timeline(id)))
    return timelines.map(({ input }) => input).reverse()
  }

  feature('schedule.every', 'a run starts each time the interval has passed', async () => {
    const reference = await deploy({ schedule: { every: { minutes: 10 } }, do: quick })
    for (const count of [1, 2, 3]) {
      expect(await runsOf(reference, count)).toHaveLength(count)
      await clock.advance(600_000)
    }
  })

  feature('schedule.cron', 'a run starts when the expression says so, in UTC', async () => {
    const reference = await deploy({ schedule: { cron: '0 12 * * 1' }, do: quick })
    await clock.advance(29_000)
    expect((await opened.history.runs({ name: reference.name })).runs).toEqual([])
    await clock.advance(1000)
    expect(await runsOf(reference, 1)).toHaveLength(1)
  })

  feature('schedule.after', 'the next run starts that long after the last has ended', async () => {
    const reference = await deploy({ schedule: { after: { minutes: 5 } }, do: quick })
    expect(await runsOf(reference, 1)).toHaveLength(1)
    await clock.advance(299_000)
    expect((await opened.history.runs({ name: reference.name })).runs).toHaveLength(1)
    await clock.advance(1000)
    expect(await runsOf(reference, 2)).toHaveLength(2)
  })

  feature('schedule.on', 'each event that matches starts a run with itself as the input', async () => {
    const reference = await deploy({ schedule: { on: { one: { with: { type: 'form' } } } }, do: quick })
    const events = [event('form', 1), event('other', 2), event('form', 3)]
    for (const each of events) await opened.engine.publish([each])
    expect(await runsOf(reference, 2)).toEqual([[events[0]], [events[2]]])
  })

  feature('schedule.on', 'all starts a run when each filter has matched', async () => {
    const on = { all: [{ with: { type: 'a' } }, { with: { type: 'b' } }] }
    const reference = await deploy({ schedule: { on }, do: quick })
    const events = [event('b', 1), event('a', 2)]
    for (const each of events) await opened.engine.publish([each])
    expect(await runsOf(reference, 1)).toEqual([events])
  })

  feature('schedule.on', 'the same event twice starts one run', async () => {
    const reference = await deploy({ schedule: { on: { one: { with: { type: 'form' } } } }, do: quick })
    const form = event('form', 1)
    await opened.engine.publish([form])
    await opened.engine.publish([form])
    await opened.engine.publish([event('form', 2)])
    expect(await runsOf(reference, 2)).toHaveLength(2)
  })

  feature('lifecycle.suspend', 'a run that is suspended and resumed says so, and goes on', async () => {
    const { definition } = load(
      definitionText([{ w: { wait: { hours: 1 } } }, { a: { set: { done: true } } }]),
    )
    const { id } = await opened.engine.start({ definition: definition as Definition })
    while ((await opened.history.run(id)).status !== 'waiting')
      await new Promise((done) => setTimeout(done, 2))
    await opened.engine.suspend(id)
    expect((await opened.history.run(id)).status).toBe('suspended')
    await clock.advance(7_200_000)
    expect((await opened.history.run(id)).status).toBe('suspended')
    await opened.engine.resume(id)
    expect(await opened.engine.outcome(id)).toEqual({ status: 'completed', output: { done: true } })
    const told: [string, unknown][] = []
    for await (const { type, data } of opened.history.lifecycle(id)) told.push([type, data])
    expect(told.filter(([type]) => /workflow\.(suspended|resumed)/.test(type))).toEqual([
      [
        'io.serverlessworkflow.workflow.suspended.v1',
        { name: expect.any(String), suspendedAt: expect.any(String) },
      ],
      [
        'io.serverlessworkflow.workflow.resumed.v1',
        { name: expect.any(String), resumedAt: expect.any(String) },
      ],
    ])
  })
})
