import { afterEach, describe, expect, it } from 'vitest'
import type { Json } from '../../workflow/index.ts'
import { define } from '../testing/engine-suite.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { openTestEngine, testEvent, until, type TestEngine } from '../testing/embedded-engine.ts'

let test: TestEngine
afterEach(() => test.close())

const start = '2026-03-28T12:00:00Z'

/** Opens an engine on a clock, with one definition that notes its input. */
async function given(
  schedule: string,
  policy = '',
  task = 'call: http, with: { method: get, endpoint: http://note, body: ${ . } }',
) {
  const clock = new ManualClock(start)
  const notes: Json[] = []
  const gates: (() => void)[] = []
  let gated = false
  const activities = async ({ input }: { input: Json }) => {
    notes.push((input as { body: Json }).body)
    if (gated) await new Promise<void>((resolve) => gates.push(resolve))
    return null
  }
  test = await openTestEngine({ clock, activities })
  const text = `schedule: { ${schedule} }\ndo: [ { note: { ${task.replace('${ . }', "'${ . }'")} } } ]`
  const { workflow, ...definition } = define(text)
  const metadata = { schedule: Object.fromEntries(policy.split(', ').map((one) => one.split(': '))) }
  const document = { ...workflow.document, metadata }
  await test.engine.deploy([
    { ...definition, text: `${definition.text}# ${policy}`, workflow: { ...workflow, document } },
  ])
  const noted = async (count: number) => {
    await until(() => notes.length >= count)
    await new Promise((resolve) => setTimeout(resolve, 50))
    return notes.length
  }
  return {
    clock,
    notes,
    noted,
    hold: () => (gated = true),
    release: () => gates.splice(0).forEach((open) => open()),
  }
}

describe('a schedule by the clock', () => {
  it('`every` runs when it is deployed and at each interval', async () => {
    const { clock, noted } = await given('every: { minutes: 10 }')
    expect(await noted(1)).toBe(1)
    clock.moveTo('2026-03-28T12:09:59Z')
    expect(await noted(1)).toBe(1)
    clock.moveTo('2026-03-28T12:10:00Z')
    expect(await noted(2)).toBe(2)
  })

  it('stands still while its pipeline is disabled, and makes up for what was missed as after a stop', async () => {
    const { clock, noted } = await given('every: { minutes: 10 }')
    const pipeline = { namespace: 'test', name: 'main' }
    expect(await noted(1)).toBe(1)
    await test.engine.setEnabled(pipeline, false)
    clock.moveTo('2026-03-28T13:05:00Z')
    expect(await noted(1)).toBe(1)
    await test.engine.setEnabled(pipeline, true)
    expect(await noted(2)).toBe(2)
    clock.moveTo('2026-03-28T13:10:00Z')
    expect(await noted(3)).toBe(3)
  })

  it('`cron` runs at its time in its zone, over the change of clocks', async () => {
    const { clock, noted } = await given("cron: '30 2 * * *'", 'timezone: Europe/Copenhagen')
    clock.moveTo('2026-03-29T00:59:59Z')
    expect(await noted(0)).toBe(0)
    clock.moveTo('2026-03-29T01:00:00Z')
    expect(await noted(1)).toBe(1)
  })

  it('`after` runs when it is deployed and again so long after each end', async () => {
    const { clock, noted } = await given('after: { minutes: 5 }')
    expect(await noted(1)).toBe(1)
    clock.moveTo('2026-03-28T12:04:59Z')
    expect(await noted(1)).toBe(1)
    clock.moveTo('2026-03-28T12:05:00Z')
    expect(await noted(2)).toBe(2)
  })

  it('goes on after a restart where it was; deploying the same text changes nothing', async () => {
    const { clock, noted } = await given('every: { minutes: 10 }')
    await noted(1)
    await test.reopen()
    clock.moveTo('2026-03-28T12:10:00Z')
    expect(await noted(2)).toBe(2)
  })

  it.each([
    ['skip', 0],
    ['last', 1],
    ['all', 3],
  ])('what was missed during an outage: %s', async (missed, runs) => {
    const { clock, noted } = await given('every: { hours: 1 }', `missed: ${missed}`)
    await noted(1)
    await test.engine.close(0)
    await test.database.close()
    clock.moveTo('2026-03-28T15:30:00Z')
    await test.reopen()
    expect(await noted(1 + runs)).toBe(1 + runs)
    clock.moveTo('2026-03-28T16:00:00Z')
    expect(await noted(2 + runs)).toBe(2 + runs)
  })

  it.each([
    ['allow', 3, 3],
    ['skip', 1, 1],
    ['queue', 1, 3],
  ])('a run that is due while another is under way: %s', async (overlap, meanwhile, inTheEnd) => {
    const { clock, noted, hold, release } = await given('every: { minutes: 1 }', `overlap: ${overlap}`)
    await noted(1)
    hold()
    clock.moveTo('2026-03-28T12:01:00Z')
    await noted(2)
    clock.moveTo('2026-03-28T12:02:00Z')
    await new Promise((resolve) => setTimeout(resolve, 30))
    clock.moveTo('2026-03-28T12:03:00Z')
    expect(await noted(1 + meanwhile)).toBe(1 + meanwhile)
    const releasing = setInterval(release, 10)
    expect(await noted(1 + inTheEnd)).toBe(1 + inTheEnd)
    clearInterval(releasing)
  })

  it('ends when its definition is taken away', async () => {
    const { clock, noted } = await given('every: { minutes: 10 }')
    await noted(1)
    await test.engine.undeploy({ namespace: 'test', name: 'main', version: '1.0.0' })
    clock.moveTo('2026-03-28T13:00:00Z')
    expect(await noted(1)).toBe(1)
  })
})

describe('a schedule on events', () => {
  it('gives the run the events that started it; the run does not hear them again', async () => {
    const clock = new ManualClock(start)
    test = await openTestEngine(
      { clock },
      `
schedule: { on: { one: { with: { type: go } } } }
do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]`,
    )
    const first = testEvent('go', 1)
    await test.engine.publish([first])
    await until(async () => (await test.history.runs()).runs.length === 1)
    const [run] = (await test.history.runs()).runs
    expect((await test.history.timeline(run?.id ?? '')).input).toEqual([first])
    expect(run).toMatchObject({ by: 'event', status: expect.not.stringMatching('completed') })
  })

  it('`overlap: queue`: events wait for the run under way, also over a restart', async () => {
    const { notes, noted, hold } = await given(
      'on: { one: { with: { type: go } } }, read: data',
      'overlap: queue',
    )
    hold()
    await test.engine.publish([testEvent('go', 1), testEvent('go', 2), testEvent('go', 3)])
    expect(await noted(1)).toBe(1)
    await test.reopen({
      activities: async ({ input }) => void notes.push((input as { body: Json }).body) as never,
    })
    await until(() => notes.length === 4)
    expect(notes).toEqual([[1], [1], [2], [3]])
  })

  it('`overlap: queue` misses no event that comes while it catches up', async () => {
    const { notes } = await given('on: { one: { with: { type: go } } }, read: data', 'overlap: queue')
    for (let n = 0; n < 150; n++) {
      await test.engine.publish([testEvent('go', n)])
      if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
    }
    await until(() => notes.length >= 150)
    expect(notes).toEqual(Array.from({ length: 150 }, (_, n) => [n]))
  })

  it('never passes an event whose run cannot be made yet: it is there after a crash', async () => {
    const body = `
use: { secrets: [key] }
schedule: { on: { one: { with: { type: go } } }, read: data }
do: [ { note: { call: http, with: { method: get, endpoint: http://note, body: '\${ . }' } } } ]`
    const notes: Json[] = []
    const activities = async ({ input }: { input: Json }) => {
      notes.push((input as { body: Json }).body)
      return null
    }
    let asked = 0
    const secrets = async (): Promise<{ [name: string]: Json }> => {
      if (asked++ === 0) await new Promise(() => {})
      return { key: 'value' }
    }
    test = await openTestEngine({ activities, secrets }, body)
    await test.engine.publish([testEvent('go', 1), testEvent('go', 2)])
    await until(() => asked > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await test.reopen({ secrets: async () => ({ key: 'value' }) })
    await until(() => notes.length >= 2)
    expect(notes).toEqual([[1], [2]])
  })

  it('goes on where it was when a new text has the same schedule', async () => {
    const body = (said: string) => `
schedule: { on: { all: [ { with: { type: left } }, { with: { type: right } } ] }, read: data }
do: [ { note: { call: http, with: { method: get, endpoint: http://note, body: '\${ {said: "${said}", with: .} }' } } } ]`
    const notes: Json[] = []
    const activities = async ({ input }: { input: Json }) => {
      notes.push((input as { body: Json }).body)
      return null
    }
    test = await openTestEngine({ activities }, body('old'))
    await test.engine.publish([testEvent('left', 1)])
    await until(async () => (await test.database.query('SELECT 1 FROM schedule_events')).length === 1)
    await test.engine.deploy([define(body('new'))])
    await test.reopen()
    await test.engine.publish([testEvent('right', 2)])
    await until(() => notes.length >= 1)
    expect(notes).toEqual([{ said: 'new', with: [1, 2] }])
  })
})
