import { afterEach, describe, expect, it } from 'vitest'
import { Postponed } from '../../workflow/index.ts'
import { openTestEngine, until, type TestEngine } from '../testing/embedded-engine.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { Gatekeeper } from './options.ts'

/** A gate that a test opens by hand, and a target behind it that turns calls away while it is shut. */
class Gate implements Gatekeeper {
  passes = 0
  readonly came: string[] = []
  #listener: (gate: string) => void = () => {}

  room() {
    return { passes: this.passes }
  }

  onRoom(listener: (gate: string) => void): void {
    this.#listener = listener
  }

  open(passes: number): void {
    this.passes = passes
    this.#listener('target')
  }

  readonly activities = async ({ runId, key, attempt }: { runId: string; key: string; attempt: number }) => {
    if (this.passes < 1) throw new Postponed(0, attempt, 'shut', 'target')
    this.passes--
    this.came.push(`${runId}${key}`)
    return 'delivered'
  }
}

const deliver = `
do:
  - deliver: { call: http, with: { method: put, endpoint: 'http://target' } }`

let test: TestEngine
afterEach(() => test.close())

async function given(gate: Gate, ...definitions: string[]) {
  const clock = new ManualClock('2026-01-01T00:00:00Z')
  test = await openTestEngine({ activities: gate.activities, gatekeeper: gate, clock }, ...definitions)
  return clock
}

const parked = () => until(async () => test.engine.health().liveRuns === 0)

describe('runs that wait for a target', () => {
  it('leave memory at once, and come back in the order in which they came, as many as there is room for', async () => {
    const gate = new Gate()
    await given(gate, deliver)
    const ids: string[] = []
    for (let i = 0; i < 30; i++) {
      ids.push(await test.start())
      await parked()
    }
    gate.open(10)
    await until(() => gate.came.length === 10)
    await parked()
    expect(gate.came).toEqual(ids.slice(0, 10).map((id) => `${id}/do/0/deliver`))
    gate.open(100)
    for (const id of ids) expect(await test.engine.outcome(id)).toMatchObject({ status: 'completed' })
    expect(gate.came).toEqual(ids.map((id) => `${id}/do/0/deliver`))
  })

  it('are found again after a restart', async () => {
    const gate = new Gate()
    await given(gate, deliver)
    const id = await test.start()
    await parked()
    const again = new Gate()
    await test.reopen({ activities: again.activities, gatekeeper: again })
    expect(test.engine.health().liveRuns).toBe(0)
    again.open(1)
    expect(await test.engine.outcome(id)).toEqual({ status: 'completed', output: 'delivered' })
  })

  it('come one by one where they are branches of one run', async () => {
    const gate = new Gate()
    await given(
      gate,
      `
do:
  - all:
      fork:
        branches:
${Array.from({ length: 5 }, (_, i) => `          - b${i}: { call: http, with: { method: put, endpoint: 'http://target' } }`).join('\n')}`,
    )
    const id = await test.start()
    await parked()
    for (let count = 1; count <= 4; count++) {
      gate.open(1)
      await until(() => gate.came.length === count)
      await parked()
      expect(gate.came.length).toBe(count)
    }
    gate.open(1)
    expect(await test.engine.outcome(id)).toMatchObject({ status: 'completed' })
  })

  it('are suspended without keeping others out, and go on when they are resumed', async () => {
    const gate = new Gate()
    await given(gate, deliver)
    const first = await test.start()
    await parked()
    const second = await test.start()
    await parked()
    await test.engine.suspend(first)
    gate.open(1)
    expect(await test.engine.outcome(second)).toMatchObject({ status: 'completed' })
    gate.open(1)
    await test.engine.resume(first)
    expect(await test.engine.outcome(first)).toMatchObject({ status: 'completed' })
  })

  it('are cancelled without being woken', async () => {
    const gate = new Gate()
    await given(gate, deliver)
    const first = await test.start()
    await parked()
    await test.engine.cancel(first)
    expect(await test.engine.outcome(first)).toEqual({ status: 'cancelled' })
    const second = await test.start()
    await parked()
    gate.open(1)
    expect(await test.engine.outcome(second)).toMatchObject({ status: 'completed' })
  })

  it('end by their own timeout while the target is down', async () => {
    const gate = new Gate()
    const clock = await given(
      gate,
      `
timeout: { after: { minutes: 5 } }
do:
  - deliver: { call: http, with: { method: put, endpoint: 'http://target' } }`,
    )
    const id = await test.start()
    await parked()
    clock.advance(5 * 60_000)
    expect(await test.engine.outcome(id)).toMatchObject({ status: 'faulted', error: { status: 408 } })
    expect(gate.came).toEqual([])
  })

  it('wait, too, where nobody waits for them', async () => {
    const gate = new Gate()
    await given(
      gate,
      `
do:
  - apart: { run: { await: false, shell: { command: echo } } }`,
    )
    await test.start()
    await parked()
    gate.open(1)
    await until(() => gate.came.length === 1)
  })
})
