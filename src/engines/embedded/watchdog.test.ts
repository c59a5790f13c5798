import { afterEach, describe, expect, it } from 'vitest'
import { openTestEngine, until, type TestEngine } from '../testing/embedded-engine.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { stuckEventType } from '../records/stuck-runs.ts'

const minute = 60_000

let test: TestEngine
let clock: ManualClock
let answer: (value: null) => void
afterEach(() => test.close())

async function open(...definitions: string[]) {
  clock = new ManualClock('2026-01-01T00:00:00Z')
  const activities = () => new Promise<null>((resolve) => (answer = resolve))
  const settings = { watchEvery: minute, stuckAfter: 30 * minute }
  test = await openTestEngine({ activities, clock, settings }, ...definitions)
}

/** Events of the watchdog so far. */
async function told() {
  const rows = await test.database.query<{ data: string }>('SELECT data FROM inbox WHERE type = ?', [
    stuckEventType,
  ])
  return rows.map(
    ({ data }) => JSON.parse(data) as { subject: string; data: { reason: string; detail: string } },
  )
}

/** Lets so many minutes go by, with a look in each. */
async function pass(minutes: number) {
  for (let i = 0; i < minutes; i++) {
    clock.advance(minute)
    // A look reads the database: it is over when a question asked after it is answered.
    await test.database.query('SELECT 1')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const call = `
do:
  - ask: { call: http, with: { method: get, endpoint: 'http://target' } }`
const wait = `
do:
  - hear: { listen: { to: { one: { with: { type: test.go } } } } }`

describe('a run that is stuck', () => {
  it('by an activity that takes longer than any timeout allows is told of, once', async () => {
    await open(call)
    const id = await test.start()
    await until(() => test.engine.health().activitiesRunning === 1)
    await pass(29)
    expect(await told()).toEqual([])
    await pass(3)
    await until(async () => (await told()).length === 1)
    await pass(60)
    expect(await told()).toMatchObject([{ subject: id, data: { reason: 'activity' } }])
    expect((await test.history.run(id)).stuck).toMatchObject({
      since: '2026-01-01T00:00:00.000Z',
      detail: 'The activity /do/0/ask (http) has been under way since 2026-01-01T00:00:00.000Z.',
    })
    expect(test.engine.health().stuckRuns).toBe(1)
    answer(null)
    await test.engine.outcome(id)
    await until(async () => {
      await pass(1)
      return test.engine.health().stuckRuns === 0
    })
    expect((await test.history.run(id)).stuck).toBeUndefined()
  })

  it('is not told of again after a restart', async () => {
    await open(wait)
    const id = await test.start()
    await until(() => test.engine.health().liveRuns === 0 || (clock.advance(100), false))
    await test.database.commit([{ sql: 'DELETE FROM waits' }])
    await until(async () => {
      await pass(1)
      return (await told()).length === 1
    })
    await test.reopen()
    await pass(5)
    expect(await told()).toMatchObject([{ subject: id }])
  })

  it('because nothing on disk would wake it is told of, and set going again', async () => {
    await open(wait)
    const id = await test.start()
    await until(() => test.engine.health().liveRuns === 0 || (clock.advance(100), false))
    await test.database.commit([{ sql: 'DELETE FROM waits' }])
    await until(async () => {
      await pass(1)
      return (await told()).length === 1
    })
    expect(await told()).toMatchObject([{ subject: id, data: { reason: 'unwakeable' } }])
    await test.engine.publish([
      { specversion: '1.0', id: '1', source: '/test', type: 'test.go', data: { n: 1 } },
    ])
    expect(await test.engine.outcome(id)).toMatchObject({ status: 'completed' })
  })

  it('is not seen where runs wait for hours, for an event or a time', async () => {
    await open(wait, 'name: sleep\ndo:\n  - sleep: { wait: { hours: 3 } }')
    const id = await test.start()
    const other = await test.start('sleep')
    await pass(150)
    expect(await told()).toEqual([])
    expect((await test.history.run(id)).waitsFor).toEqual([
      { key: '/do/0/hear/event[0]', kind: 'event', type: 'test.go' },
    ])
    expect((await test.history.run(other)).waitsFor).toMatchObject([{ key: '/do/0/sleep', kind: 'time' }])
  })
})
