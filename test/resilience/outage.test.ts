import { afterEach, describe, expect, it } from 'vitest'
import { classifyCall, guardedBy } from '../../src/activities/guarded.ts'
import { openTestEngine, until, type TestEngine } from '../../src/engines/testing/embedded-engine.ts'
import { ManualClock } from '../../src/engines/testing/manual-clock.ts'
import { Guard, readResiliency } from '../../src/resilience/index.ts'
import { fault, isObject, type Json } from '../../src/workflow/index.ts'

const deliveries = 10_000
const minute = 60_000

/** A target of 10,000 deliveries that is down until the test says otherwise; it remembers all that comes. */
class Archive {
  down = true
  calls = 0
  running = 0
  most = 0
  readonly arrived: { batch: string; item: number }[] = []

  async take(input: Json): Promise<Json> {
    this.calls += 1
    this.running += 1
    this.most = Math.max(this.most, this.running)
    await new Promise((resolve) => setImmediate(resolve))
    this.running -= 1
    if (this.down) throw fault('communication', 'refused', { cause: 'ECONNREFUSED' })
    const body = isObject(input) ? input['body'] : undefined
    if (isObject(body)) this.arrived.push({ batch: String(body['batch']), item: Number(body['item']) })
    return null
  }
}

let test: TestEngine
afterEach(() => test.close())

async function open(archive: Archive) {
  const clock = new ManualClock('2026-01-01T00:00:00Z')
  const { policies, complaints } = readResiliency({
    spec: {
      policies: {
        retries: { patient: { policy: 'constant', duration: '1ms', maxRetries: -1 } },
        circuitBreakers: { careful: { maxRequests: 2, timeout: '30s', trip: 'consecutiveFailures >= 5' } },
      },
      targets: { apps: { archive: { retry: 'patient', circuitBreaker: 'careful' } } },
    },
  })
  expect(complaints).toEqual([])
  const guard = new Guard({
    policies: [policies],
    connections: [
      {
        target: { kind: 'app', name: 'archive' },
        baseUrl: 'http://archive',
        settings: { limits: { concurrency: 32 } },
      },
    ],
    classify: classifyCall,
    clock: {
      now: () => clock.now(),
      after: (ms, wake) => {
        const timer = setTimeout(wake, ms)
        return () => clearTimeout(timer)
      },
    },
    random: Math.random,
    longestWaitMs: 5000,
  })
  test = await openTestEngine(
    {
      clock,
      gatekeeper: guard,
      activities: ({ input, signal, attempt, onFailure }) =>
        guardedBy(guard, { attempt, onFailure })(
          'http://archive/in',
          { repeatable: () => true, signal },
          () => archive.take(input),
        ),
    },
    `
name: deliver
do:
  - send: { call: http, with: { method: put, endpoint: 'http://archive/in', body: { batch: '\${ .batch }', item: '\${ .item }' } } }`,
    `
name: batch
do:
  - each:
      for: { each: item, in: '\${ [range(100)] }' }
      do:
        - send: { call: http, with: { method: put, endpoint: 'http://archive/in', body: { batch: ordered, item: '\${ $item }' } } }`,
  )
  return { clock, guard }
}

const asleep = () => until(() => test.engine.health().liveRuns === 0)
const journalRows = async () =>
  (await test.database.query<{ n: number }>('SELECT count(*) AS n FROM journal'))[0]?.n ?? 0

describe('a target that is down for an hour', () => {
  it('gets 10,000 deliveries within a minute of its return, those of a sequence in order, without having been pestered', async () => {
    const archive = new Archive()
    const { clock, guard } = await open(archive)
    // 9,900 by themselves, and one run that delivers 100 in order.
    const batch = await test.start('batch', { batch: 'ordered' })
    for (let from = 0; from < deliveries - 100; from += 300) {
      const some = Array.from({ length: Math.min(300, deliveries - 100 - from) }, (_, index) => from + index)
      await Promise.all(some.map((item) => test.start('deliver', { batch: 'single', item })))
      await asleep()
    }
    const callsBefore = archive.calls
    const rowsBefore = await journalRows()
    global.gc?.()

    // An hour, half a minute at a time: as often as the breaker lets two try.
    for (let half = 0; half < 120; half++) {
      clock.advance(minute / 2)
      await until(() => archive.calls >= callsBefore + 2 * (half + 1))
      await asleep()
    }
    const tries = archive.calls - callsBefore
    expect(tries).toBe(2 * 120)
    // What was tried and put off again is written down; nobody else has moved.
    expect((await journalRows()) - rowsBefore).toBeLessThanOrEqual(2 * tries)
    expect(test.engine.health()).toMatchObject({ liveRuns: 0, activitiesRunning: 0, activitiesWaiting: 0 })

    archive.down = false
    const back = clock.now()
    clock.advance(minute / 2)
    let mostAwake = 0
    await until(() => {
      mostAwake = Math.max(mostAwake, test.engine.health().liveRuns)
      return archive.arrived.length >= deliveries
    })
    await test.engine.outcome(batch)
    // The clock has moved by half a minute in all since the target came back.
    expect(clock.now() - back).toBeLessThanOrEqual(minute)
    expect(archive.arrived).toHaveLength(deliveries)
    expect(new Set(archive.arrived.map(({ batch, item }) => `${batch}/${item}`)).size).toBe(deliveries)
    const ordered = archive.arrived.filter(({ batch }) => batch === 'ordered').map(({ item }) => item)
    expect(ordered).toEqual(Array.from({ length: 100 }, (_, index) => index))
    // Only as many as the target and its queue take were ever in memory, however many waited.
    expect(archive.most).toBeLessThanOrEqual(32)
    expect(mostAwake).toBeLessThan(1000)
    expect(guard.find('archive')?.breaker?.state).toBe('closed')
  })
})
