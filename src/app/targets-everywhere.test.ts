import { describe, expect, it } from 'vitest'
import { Guard, type TargetSnapshot } from '../resilience/index.ts'
import { everywhere } from './targets-everywhere.ts'

const finance = { kind: 'app', name: 'finance' } as const

/** What a process knows after so many calls, of which the last ones failed. */
async function process(calls: number, failing: number): Promise<TargetSnapshot[]> {
  const guard = new Guard({
    policies: [],
    classify: () => ({ transient: false, targetIsWell: false, away: true }),
    random: () => 0,
    longestWaitMs: 1000,
  })
  const call = { repeatable: () => false, attempt: 0, signal: new AbortController().signal }
  for (let at = 0; at < calls; at++) {
    const fails = at >= calls - failing
    const made = guard.run(finance, call, () =>
      fails ? Promise.reject(new Error('503')) : Promise.resolve(),
    )
    await made.catch(() => {})
  }
  // One more is under way.
  await new Promise<void>((began) => {
    void guard.run(finance, call, () => {
      began()
      return new Promise<never>(() => {})
    })
  })
  return guard.targets()
}

describe('targets as all processes together have them', () => {
  it('are counted over all, and nearest to opening where one is', async () => {
    const [target] = everywhere(await process(5, 1), [await process(4, 3), await process(2, 0)])
    expect(target).toMatchObject({
      attempts: 14,
      failures: 4,
      limits: { concurrency: 32, running: 3 },
      breaker: { state: 'closed', requests: 14, totalFailures: 4, consecutiveFailures: 3 },
    })
  })

  it('are also those that only another process has called', async () => {
    expect(everywhere([], [await process(1, 0)])).toMatchObject([{ key: 'app:finance', attempts: 2 }])
  })
})
