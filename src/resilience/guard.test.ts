import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Postponed } from '../workflow/index.ts'
import type { Classification, GuardedCall, GuardOptions } from './guard-port.ts'
import { Guard } from './guard.ts'
import { keyOf } from './policies.ts'
import { readResiliency } from './resource.ts'

const finance = { kind: 'app', name: 'finance' } as const
const down: Classification = { transient: true, targetIsWell: false, away: true, httpStatus: 503 }

function guardWith(spec: unknown, more: Partial<GuardOptions> = {}): Guard {
  const { policies, complaints } = readResiliency({ spec })
  expect(complaints).toEqual([])
  return new Guard({
    policies: [policies],
    classify: (error) =>
      error instanceof Error && 'classification' in error ? (error.classification as Classification) : down,
    random: () => 0.5,
    longestWaitMs: 5000,
    ...more,
  })
}

function spec(
  retries: object,
  breaker: object = { trip: 'consecutiveFailures > 100' },
  timeout = '1s',
): unknown {
  return {
    policies: { timeouts: { t: timeout }, retries: { r: retries }, circuitBreakers: { b: breaker } },
    targets: { apps: { finance: { timeout: 't', retry: 'r', circuitBreaker: 'b' } } },
  }
}

const limited = (concurrency: number) => [{ target: finance, settings: { limits: { concurrency } } }]

const call = (more: Partial<GuardedCall> = {}): GuardedCall => ({
  repeatable: () => true,
  attempt: 0,
  signal: new AbortController().signal,
  ...more,
})

/** An operation that fails the given number of times. */
function failing(
  times: number,
  error: () => Error = () => new Error('503'),
): { calls: number; run: () => Promise<string> } {
  const operation = {
    calls: 0,
    run: async () => {
      operation.calls += 1
      if (operation.calls <= times) throw error()
      return 'delivered'
    },
  }
  return operation
}

const rejected = (error: Partial<Classification>): Error =>
  Object.assign(new Error('rejected'), { classification: { ...down, ...error } })

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a guarded call', () => {
  it('is repeated by the retry policy until it succeeds', async () => {
    const operation = failing(2)
    const result = guardWith(spec({ duration: '1s', maxRetries: 3 })).run(finance, call(), operation.run)
    await vi.advanceTimersByTimeAsync(2000)
    expect(await result).toBe('delivered')
    expect(operation.calls).toBe(3)
  })

  it('is tried no more often than the policy allows', async () => {
    const operation = failing(Infinity)
    const result = guardWith(spec({ duration: '1s', maxRetries: 3 })).run(finance, call(), operation.run)
    const seen = expect(result).rejects.toThrow('503')
    await vi.advanceTimersByTimeAsync(60_000)
    await seen
    expect(operation.calls).toBe(4)
  })

  it('is not repeated where repeating could do harm', async () => {
    const operation = failing(1)
    await expect(
      guardWith(spec({ maxRetries: 3 })).run(finance, call({ repeatable: () => false }), operation.run),
    ).rejects.toThrow('503')
    expect(operation.calls).toBe(1)
  })

  it('is not repeated where trying again cannot help', async () => {
    const operation = failing(1, () => rejected({ transient: false, targetIsWell: true, httpStatus: 400 }))
    await expect(guardWith(spec({ maxRetries: 3 })).run(finance, call(), operation.run)).rejects.toThrow(
      'rejected',
    )
    expect(operation.calls).toBe(1)
  })

  it('ends when it takes longer than its timeout', async () => {
    let aborted = false
    const never = (signal: AbortSignal): Promise<string> =>
      new Promise(() => signal.addEventListener('abort', () => (aborted = true)))
    const result = guardWith(spec({ maxRetries: 0 })).run(finance, call(), never)
    const seen = expect(result).rejects.toMatchObject({ code: 'SLUSE-TIMED-OUT', timeoutMs: 1000 })
    await vi.advanceTimersByTimeAsync(1000)
    await seen
    expect(aborted).toBe(true)
  })

  it('is postponed rather than waited for when the delay is long, and goes on counting where it was', async () => {
    const guard = guardWith(spec({ duration: '1m', maxRetries: 2 }))
    const operation = failing(Infinity)
    const start = Date.now()
    await expect(guard.run(finance, call(), operation.run)).rejects.toMatchObject({
      code: 'SLUSE-POSTPONED',
      until: start + 60_000,
      attempt: 1,
    })
    await expect(guard.run(finance, call({ attempt: 1 }), operation.run)).rejects.toMatchObject({
      attempt: 2,
    })
    await expect(guard.run(finance, call({ attempt: 2 }), operation.run)).rejects.toThrow('503')
  })

  it('stops at once when it is cancelled, and leaves the breaker as it was', async () => {
    const controller = new AbortController()
    const guard = guardWith(spec({ duration: '4s' }, { trip: 'totalFailures > 1' }))
    const result = guard.run(finance, call({ signal: controller.signal }), failing(Infinity).run)
    const seen = expect(result).rejects.toThrow('stop')
    await vi.advanceTimersByTimeAsync(10)
    controller.abort(new Error('stop'))
    await seen
    expect(guard.targets()[0]?.breaker).toMatchObject({ state: 'closed', totalFailures: 1 })
  })
})

describe('a guarded target', () => {
  it('gets no calls while its breaker is open: they are postponed until it tries again', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }, { trip: 'consecutiveFailures >= 2', timeout: '30s' }))
    const operation = failing(Infinity)
    const opened = Date.now() + 30_000
    for (let i = 0; i < 2; i++) await expect(guard.run(finance, call(), operation.run)).rejects.toThrow('503')
    for (let i = 0; i < 100; i++) {
      await expect(guard.run(finance, call(), operation.run)).rejects.toMatchObject({ until: opened })
    }
    expect(operation.calls).toBe(2)
  })

  it('is not thought down when it answers that the request is wrong', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }, { trip: 'consecutiveFailures >= 2' }))
    const operation = failing(Infinity, () =>
      rejected({ transient: false, targetIsWell: true, httpStatus: 422 }),
    )
    for (let i = 0; i < 10; i++)
      await expect(guard.run(finance, call(), operation.run)).rejects.toThrow('rejected')
    expect(guard.targets()[0]?.breaker?.state).toBe('closed')
  })

  it('gets no more calls at once than its limit, whoever calls, in the order in which they came', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }), { connections: limited(2) })
    let running = 0
    let most = 0
    const order: number[] = []
    const calls = Array.from({ length: 10 }, (_, index) =>
      guard.run(finance, call(), async () => {
        order.push(index)
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 10))
        running -= 1
      }),
    )
    await vi.runAllTimersAsync()
    await Promise.all(calls)
    expect(most).toBe(2)
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })

  it('is left alone until the time that it asked for', async () => {
    const start = Date.now()
    const guard = guardWith(spec({ duration: '1s', maxRetries: 1 }))
    const times: number[] = []
    const result = guard.run(finance, call(), async () => {
      times.push(Date.now() - start)
      if (times.length === 1) throw rejected({ httpStatus: 429, retryAt: start + 4000 })
      return 'delivered'
    })
    await vi.advanceTimersByTimeAsync(4000)
    expect(await result).toBe('delivered')
    expect(times).toEqual([0, 4000])
  })

  it('is held open by an operator, and reset', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }))
    guard.hold(keyOf(finance))
    await expect(guard.run(finance, call(), failing(0).run)).rejects.toMatchObject({
      code: 'SLUSE-POSTPONED',
    })
    guard.reset(keyOf(finance))
    expect(await guard.run(finance, call(), failing(0).run)).toBe('delivered')
  })

  it('gets more calls at once as soon as its limit is raised', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }), { connections: limited(1) })
    let running = 0
    const hang = async (): Promise<void> => {
      running += 1
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const calls = [1, 2, 3].map(() => guard.run(finance, call(), hang))
    await vi.advanceTimersByTimeAsync(1)
    expect(running).toBe(1)
    guard.changeLimits(keyOf(finance), { concurrency: 3 })
    await vi.advanceTimersByTimeAsync(1)
    expect(running).toBe(3)
    await vi.runAllTimersAsync()
    await Promise.all(calls)
  })
})

describe('a call to a target that is down', () => {
  const opening = { maxRetries: 5, duration: '1ms' }
  const breaker = { trip: 'consecutiveFailures >= 2', timeout: '30s' }
  const open = async (guard: Guard) => {
    const result = guard.run(finance, call(), failing(Infinity).run)
    const seen = expect(result).rejects.toMatchObject({ code: 'SLUSE-POSTPONED', gate: 'app:finance' })
    await vi.advanceTimersByTimeAsync(100)
    await seen
  }

  it('fails at once where the pipeline has a better plan, and waits where it only tries again', async () => {
    const guard = guardWith(spec(opening, breaker))
    await open(guard)
    const caught = guard.run(finance, call({ onFailure: 'caught' }), failing(0).run)
    await expect(caught).rejects.toMatchObject({ code: 'SLUSE-TARGET-DOWN', target: 'finance' })
    const retried = guard.run(finance, call({ onFailure: 'retried' }), failing(0).run)
    await expect(retried).rejects.toMatchObject({ code: 'SLUSE-POSTPONED' })
  })

  it.each([
    ['wait', 'caught', 'SLUSE-POSTPONED'],
    ['fail', undefined, 'SLUSE-TARGET-DOWN'],
  ] as const)('does as its connection says: %s', async (whenOpen, onFailure, code) => {
    const connections = [{ target: finance, settings: { limits: {}, whenOpen } }]
    const guard = guardWith(spec(opening, breaker), { connections })
    guard.hold(keyOf(finance))
    await expect(guard.run(finance, call({ onFailure }), failing(0).run)).rejects.toMatchObject({ code })
  })

  it('that was sent to see whether it is back has not used up an attempt', async () => {
    const guard = guardWith(spec(opening, breaker))
    await open(guard)
    await vi.advanceTimersByTimeAsync(30_000)
    const trial = guard.run(finance, call({ attempt: 5 }), failing(1).run)
    await expect(trial).rejects.toMatchObject({ code: 'SLUSE-POSTPONED', attempt: 5 })
  })

  it('that the target itself answers with an error has used up one', async () => {
    const guard = guardWith(spec(opening, breaker))
    await open(guard)
    await vi.advanceTimersByTimeAsync(30_000)
    const poison = failing(1, () => rejected({ away: false, httpStatus: 500 }))
    await expect(guard.run(finance, call({ attempt: 5 }), poison.run)).rejects.toThrow('rejected')
  })

  it('has room for as many trials as the breaker allows, and for all when it is back', async () => {
    const guard = guardWith(spec(opening, { ...breaker, maxRequests: 3 }))
    await open(guard)
    expect(guard.room('app:finance')).toEqual({ passes: 0, askAt: Date.now() - 100 + 30_001 })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(guard.room('app:finance')).toEqual({ passes: 3 })
    for (let i = 0; i < 3; i++) await guard.run(finance, call(), failing(0).run)
    expect(guard.room('app:finance').passes).toBeGreaterThan(3)
  })
})

describe('the built-in policy', () => {
  it('tries again by itself, but not where the pipeline takes the failure', async () => {
    const guard = guardWith({ policies: {}, targets: {} })
    const alone = failing(2)
    const result = guard.run(finance, call(), alone.run)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await result).toBe('delivered')
    for (const onFailure of ['retried', 'caught'] as const) {
      const operation = failing(1)
      await expect(guard.run(finance, call({ onFailure }), operation.run)).rejects.toThrow('503')
      expect(operation.calls).toBe(1)
    }
  })

  it('leaves a declared one alone', async () => {
    const guard = guardWith(spec({ duration: '1ms', maxRetries: 3 }))
    const operation = failing(2)
    const result = guard.run(finance, call({ onFailure: 'retried' }), operation.run)
    await vi.advanceTimersByTimeAsync(100)
    expect(await result).toBe('delivered')
  })

  it('is switched off by the names that Dapr gives its defaults', async () => {
    const guard = guardWith({
      policies: {
        retries: { DefaultRetryPolicy: { maxRetries: 0 } },
        circuitBreakers: { DefaultCircuitBreakerPolicy: { trip: 'false' } },
      },
      targets: {},
    })
    const operation = failing(Infinity)
    for (let i = 0; i < 50; i++)
      await expect(guard.run(finance, call(), operation.run)).rejects.toThrow('503')
    expect(operation.calls).toBe(50)
  })
})

describe('a guard that stops', () => {
  it('sends away whoever waits, to come again after the next start', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }), { connections: limited(1) })
    let finish = (): void => {}
    const running = guard.run(finance, call(), () => new Promise<void>((resolve) => (finish = resolve)))
    const waiting = guard.run(finance, call(), failing(0).run)
    const seen = expect(waiting).rejects.toMatchObject({ code: 'SLUSE-POSTPONED', attempt: 0 })
    guard.stop()
    await seen
    finish()
    await running
  })
})

describe('policies that are put in the place of others', () => {
  const other = (retries: object, breaker: object) => {
    const { policies } = readResiliency({ spec: spec(retries, breaker) })
    return [policies]
  }

  it('hold from the next attempt on, also for a call under way', async () => {
    const guard = guardWith(spec({ duration: '1s', maxRetries: -1 }))
    const operation = failing(Infinity)
    const seen = expect(guard.run(finance, call(), operation.run)).rejects.toThrow('503')
    await vi.advanceTimersByTimeAsync(2500)
    expect(operation.calls).toBe(3)
    guard.use({ policies: other({ maxRetries: 3 }, { trip: 'false' }), connections: [] })
    await vi.advanceTimersByTimeAsync(20_000)
    await seen
    expect(operation.calls).toBe(4)
  })

  it('leave breakers in their state, and the limits that an operator has changed', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }, { trip: 'consecutiveFailures >= 1', timeout: '60s' }), {
      connections: limited(1),
    })
    const seen = () => ({
      state: guard.find('finance')?.breaker?.state,
      limit: guard.find('finance')?.limits.concurrency,
    })
    await expect(guard.run(finance, call(), failing(1).run)).rejects.toThrow('503')
    expect(seen()).toEqual({ state: 'open', limit: 1 })
    guard.use({ policies: other({ maxRetries: 0 }, { trip: 'false' }), connections: limited(3) })
    expect(seen()).toEqual({ state: 'open', limit: 3 })
    guard.changeLimits(keyOf(finance), { concurrency: 7 })
    guard.use({ policies: [], connections: limited(4) })
    expect(seen()).toEqual({ state: 'open', limit: 7 })
    guard.changeLimits(keyOf(finance), undefined)
    guard.hold(keyOf(finance))
    guard.use({ policies: [], connections: limited(5) })
    expect(seen()).toEqual({ state: 'held', limit: 5 })
  })

  it('let more through at once where they allow more', async () => {
    const guard = guardWith(spec({ maxRetries: 0 }), { connections: limited(1) })
    let running = 0
    const never = () => new Promise<void>(() => void (running += 1))
    for (let count = 0; count < 3; count++) void guard.run(finance, call(), never).catch(() => {})
    await vi.advanceTimersByTimeAsync(0)
    expect(running).toBe(1)
    guard.use({ policies: [], connections: limited(3) })
    await vi.advanceTimersByTimeAsync(0)
    expect(running).toBe(3)
  })
})

describe('a call on the way to which something else must wait', () => {
  const elsewhere = () =>
    Promise.reject(new Postponed(60_000, 1, 'the breaker of the identity provider is open', 'app:provider'))

  it('waits for that, and the target is not blamed', async () => {
    const guard = guardWith(spec({ maxRetries: 3 }, { trip: 'consecutiveFailures >= 1' }))
    await expect(guard.run(finance, call(), elsewhere)).rejects.toMatchObject({ gate: 'app:provider' })
    expect(guard.find('finance')?.breaker).toMatchObject({ state: 'closed', requests: 0 })
  })

  it('fails at once where the pipeline has a better plan', async () => {
    const guard = guardWith(spec({ maxRetries: 3 }))
    const seen = guard.run(finance, call({ onFailure: 'caught' }), elsewhere)
    await expect(seen).rejects.toMatchObject({ code: 'SLUSE-TARGET-DOWN', target: 'provider' })
  })
})

it('a trial that never reached the target leaves the breaker half-open', async () => {
  const guard = guardWith(spec({ maxRetries: 0 }, { trip: 'consecutiveFailures >= 1', timeout: '1s' }))
  await expect(guard.run(finance, call(), failing(1).run)).rejects.toThrow('503')
  await vi.advanceTimersByTimeAsync(1000)
  const before = () => Promise.reject(rejected({ transient: false, targetIsWell: true, unasked: true }))
  await expect(guard.run(finance, call(), before)).rejects.toThrow('rejected')
  expect(guard.find('finance')?.breaker?.state).toBe('half-open')
})

it('tells when a breaker opens, why, and when it closes; and nothing in between', async () => {
  const told: unknown[] = []
  const guard = guardWith(spec({ maxRetries: 0 }, { trip: 'consecutiveFailures >= 2', timeout: '1s' }), {
    onBreaker: (change) => told.push(change),
  })
  const operation = failing(2)
  for (let count = 0; count < 2; count++)
    await expect(guard.run(finance, call(), operation.run)).rejects.toThrow('503')
  const target = keyOf(finance)
  const failure = expect.objectContaining({ message: '503' }) as Error
  expect(told).toEqual([{ target, state: 'open', retryAt: Date.now() + 1000, failure }])
  await vi.advanceTimersByTimeAsync(1000)
  for (let count = 0; count < 3; count++) await guard.run(finance, call(), operation.run)
  expect(told.slice(1)).toEqual([{ target, state: 'closed' }])
})
