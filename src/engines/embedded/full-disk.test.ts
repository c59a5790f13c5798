import { afterEach, describe, expect, it } from 'vitest'
import { openTestEngine, testEvent, until, type TestEngine } from '../testing/embedded-engine.ts'

let test: TestEngine
afterEach(() => test.close())

describe('a full disk', () => {
  it('refuses what is new, loses nothing that runs did, and lets them go on when there is room', async () => {
    const calls: string[] = []
    test = await openTestEngine(
      {
        maxBytes: 1_200_000,
        activities: async ({ key }) => {
          calls.push(key)
          return 'x'.repeat(200_000)
        },
      },
      `
do:
  - each:
      for: { in: '[range(8)]' }
      do:
        - fetch: { call: http, with: { method: get, endpoint: http://effect } }
        - drop: { set: { n: '\${ $index }' } }`,
    )
    const { engine, database } = test
    const id = await test.start()
    await until(() => !engine.health().writable)
    const refused = engine.publish([testEvent('big', 'y'.repeat(500_000))])
    await expect(refused).rejects.toMatchObject({ code: 'SLUSE-STORE-FULL' })
    expect(calls.length).toBeLessThan(8)
    expect(await database.query("SELECT 1 FROM inbox WHERE type = 'big'")).toEqual([])

    // More room: what waited is written by itself.
    await database.commit([{ sql: 'PRAGMA max_page_count = 100000' }]).catch(() => {})
    expect(await engine.outcome(id)).toEqual({ status: 'completed', output: { n: 7 } })
    expect(new Set(calls).size).toBe(8)
    expect(calls).toHaveLength(8)
    expect(engine.health().writable).toBe(true)
  })
})
