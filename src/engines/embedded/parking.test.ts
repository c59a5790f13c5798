import { afterEach, describe, expect, it } from 'vitest'
import type { Database } from '../../database/index.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { openTestEngine, testEvent, until, type TestEngine } from '../testing/embedded-engine.ts'

let test: TestEngine
afterEach(() => test.close())

const given = async (options: Parameters<typeof openTestEngine>[0], ...definitions: string[]) => {
  test = await openTestEngine(options, ...definitions)
  return test
}
const parked = () => until(() => test.engine.health().liveRuns === 0)
const status = async (id: string) => (await test.history.run(id)).status

describe('a run that only waits', () => {
  it('leaves memory, shows as waiting, and is woken by its event', async () => {
    const { engine, start } = await given(
      {},
      'do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]',
    )
    const id = await start()
    await parked()
    expect(await status(id)).toBe('waiting')
    await engine.publish([testEvent('go', 4)])
    expect(await engine.outcome(id)).toEqual({ status: 'completed', output: [4] })
  })

  it('is woken at its time', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z')
    const { engine, start } = await given({ clock }, 'do: [ { wait: { wait: { hours: 1 } } } ]')
    const id = await start('main', { a: 1 })
    await parked()
    clock.moveTo('2026-01-01T00:59:59Z')
    expect(await status(id)).toBe('waiting')
    clock.moveTo('2026-01-01T01:00:00Z')
    expect(await engine.outcome(id)).toEqual({ status: 'completed', output: { a: 1 } })
  })

  it('is woken by its child', async () => {
    const child = 'name: child\ndo: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]'
    const { engine, start } = await given(
      {},
      'do: [ { below: { run: { workflow: { namespace: test, name: child, version: latest } } } } ]',
      child,
    )
    const id = await start()
    await until(async () => (await test.database.query('SELECT 1 FROM waits')).length === 2)
    await parked()
    await engine.publish([testEvent('go', 1)])
    expect(await engine.outcome(id)).toEqual({ status: 'completed', output: [1] })
  })

  it('is not loaded at a restart', async () => {
    const { start } = await given({}, 'do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]')
    const ids = await Promise.all(Array.from({ length: 20 }, () => start()))
    await parked()
    await test.reopen()
    expect(test.engine.health().liveRuns).toBe(0)
    await test.engine.publish([testEvent('go', 1)])
    const outcomes = await Promise.all(ids.map((id) => test.engine.outcome(id)))
    expect(outcomes.every((outcome) => outcome.status === 'completed')).toBe(true)
  })

  it('wakes alone where its filter names what the event is about', async () => {
    const listening =
      "do: [ { hear: { listen: { to: { one: { with: { type: go, subject: '${ .case }' } } } } } } ]"
    const { engine, start } = await given({}, listening)
    const ids = await Promise.all(['a', 'b', 'c'].map((name) => start('main', { case: name })))
    await parked()
    await engine.publish([testEvent('go', 1, { subject: 'b' })])
    expect(await engine.outcome(ids[1] ?? '')).toMatchObject({ status: 'completed' })
    expect(engine.health().liveRuns).toBe(0)
    expect(await status(ids[0] ?? '')).toBe('waiting')
  })

  it('of two waits, the one whose time has come first wins, and the event is there for the next', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z')
    const { engine, start } = await given(
      { clock },
      `
do:
  - first:
      try: [ { hear: { timeout: { after: { hours: 1 } }, listen: { to: { one: { with: { type: go } } } } } } ]
      catch: {}
  - second: { listen: { to: { one: { with: { type: go } } } } }`,
    )
    const id = await start()
    await until(() => {
      clock.advance(20)
      return engine.health().liveRuns === 0
    })
    clock.moveTo('2026-01-01T02:00:00Z')
    await engine.publish([testEvent('go', 7)])
    expect(await engine.outcome(id)).toEqual({ status: 'completed', output: [7] })
  })

  it('misses no event that comes while it leaves memory, on a disk that takes its time', async () => {
    const aMoment = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 12))
    const slow = (database: Database): Database => ({
      query: (sql, parameters) => database.query(sql, parameters),
      onCommit: (listener) => database.onCommit(listener),
      close: () => database.close(),
      async commit(statements, how) {
        await aMoment()
        await database.commit(statements, how)
        await aMoment()
      },
    })
    const hear = (name: string) => `{ ${name}: { listen: { to: { one: { with: { type: go } } } } } }`
    const { engine, start, database } = await given(
      { through: slow, settings: { parkAtOnceAfter: 0, maxIdleRuns: 0 } },
      `do: [ ${hear('one')}, ${hear('two')}, ${hear('three')} ]`,
    )
    for (let n = 0; n < 40; n++) {
      const outcome = engine.outcome(await start())
      for (const step of [1, 2, 3]) {
        await until(async () => (await database.query('SELECT 1 FROM waits')).length > 0)
        await engine.publish([testEvent('go', 3 * n + step)])
        await aMoment()
      }
      expect(await outcome).toEqual({ status: 'completed', output: [3 * n + 3] })
    }
  })

  it('takes no more than what one run in memory takes, however many wait', async () => {
    const { start } = await given(
      { settings: { maxIdleRuns: 5, parkAfter: 60_000 } },
      'do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]',
    )
    await Promise.all(Array.from({ length: 50 }, () => start()))
    await until(() => test.engine.health().liveRuns <= 5)
  })
})

describe('retention', () => {
  it('takes ended runs and old events away, and lets the others be', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z')
    const { engine, start, database } = await given(
      { clock },
      'do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]',
      'name: other\ndo: [ { wait: { wait: { days: 300 } } } ]',
    )
    const ended = await start()
    const waiting = await start('other')
    await engine.publish([testEvent('go', 1)])
    await engine.outcome(ended)
    const said = 'INSERT INTO run_logs (run, seq, at, level, message, data) VALUES (?, 1, 0, ?, ?, ?)'
    const line = (run: string) => ({ sql: said, parameters: [run, 'info', 'said', '{}'] })
    await database.commit([line(ended), line(waiting)])
    await parked()
    const rows = async (table: string) => (await database.query(`SELECT 1 FROM ${table}`)).length
    clock.moveTo('2026-04-02T00:00:00Z')
    await until(async () => (await rows('runs')) === 1 && (await rows('inbox')) === 0)
    expect(await rows('journal')).toBe(1)
    expect(await database.query('SELECT run FROM run_logs')).toEqual([{ run: waiting }])
    expect(await status(waiting)).toBe('waiting')
    // Numbers do not begin again: readers go by them.
    await test.reopen()
    const next = await test.start()
    await test.engine.publish([testEvent('go', 2)])
    expect(await test.engine.outcome(next)).toEqual({ status: 'completed', output: [2] })
  })
})
