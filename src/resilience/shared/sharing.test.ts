import { setMaxListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Guard } from '../guard.ts'
import { systemTime } from '../guard-clock.ts'
import type { Classification, GuardOptions } from '../guard-port.ts'
import type { Limits } from '../limits.ts'
import { readResiliency } from '../resource.ts'
import { Member } from '../../members/index.ts'
import { Sharing } from './sharing.ts'
import { MemoryStore } from './testing/memory-store.ts'

const finance = { kind: 'app', name: 'finance' } as const
const key = 'app:finance'
const down: Classification = { transient: true, targetIsWell: false, away: true, httpStatus: 503 }

let store: MemoryStore
let opened: { readonly sharing: Sharing; readonly member: Member }[]
let random: () => number

beforeEach(() => {
  vi.useFakeTimers()
  random = seeded(7)
  // Nobody's clock need be right.
  store = new MemoryStore(random, 86_400_000)
  opened = []
})
afterEach(async () => {
  const closing = Promise.all(opened.map(close))
  await vi.advanceTimersByTimeAsync(100)
  await closing
  vi.useRealTimers()
})

/** The guard of one process. */
async function open(limits: Limits, more: Partial<GuardOptions> & { breaker?: object } = {}): Promise<Guard> {
  const { breaker = { trip: 'consecutiveFailures >= 3', timeout: '10s' }, ...options } = more
  const { policies } = readResiliency({
    spec: {
      policies: { retries: { r: { maxRetries: 0 } }, circuitBreakers: { b: breaker } },
      targets: { apps: { finance: { retry: 'r', circuitBreaker: 'b' } } },
    },
  })
  const opening = Member.join({ store: store.members, role: 'worker', version: '1' }).then(
    async (member) => ({
      member,
      sharing: await Sharing.open({ store, member, clock: systemTime, random }),
    }),
  )
  await vi.advanceTimersByTimeAsync(50)
  const one = await opening
  opened.push(one)
  const { sharing } = one
  return new Guard({
    policies: [policies],
    connections: [{ target: finance, settings: { limits } }],
    classify: (error) =>
      error instanceof Error && error.message === '503' ? down : { ...down, transient: false },
    random,
    longestWaitMs: 5000,
    sharing,
    ...options,
  })
}

async function close({ sharing, member }: { sharing: Sharing; member: Member }): Promise<void> {
  sharing.close()
  await member.leave()
}

/** As after kill -9: nothing is given back, and nothing is said. */
function kill(one: { sharing: Sharing; member: Member } | undefined): void {
  one?.member.abandon()
  one?.sharing.close()
}

const several = async (count: number, limits: Limits, more?: Parameters<typeof open>[1]) => {
  const guards: Guard[] = []
  for (let at = 0; at < count; at++) guards.push(await open(limits, more))
  return guards
}

const call = { repeatable: () => true, attempt: 0, signal: new AbortController().signal }
setMaxListeners(0, call.signal)

/** Calls the target over and over from one place, for as long as the test says. */
class Load {
  running = 0
  most = 0
  readonly begun: number[] = []
  readonly made = new Map<Guard, number>()
  over = false

  from(guard: Guard, callers: number, callMs: () => number, pauseMs: () => number = () => 0): void {
    for (let at = 0; at < callers; at++) void this.#loop(guard, callMs, pauseMs)
  }

  async #loop(guard: Guard, callMs: () => number, pauseMs: () => number): Promise<void> {
    while (!this.over) {
      await guard
        .run(finance, call, async () => {
          this.running += 1
          this.most = Math.max(this.most, this.running)
          this.begun.push(Date.now())
          await new Promise((done) => setTimeout(done, callMs()))
          this.running -= 1
          this.made.set(guard, (this.made.get(guard) ?? 0) + 1)
        })
        .catch(() => new Promise((done) => setTimeout(done, 50)))
      await new Promise((done) => setTimeout(done, pauseMs()))
    }
  }
}

const made = (load: Load, guards: readonly Guard[]) => guards.map((guard) => load.made.get(guard) ?? 0)

describe('places within a limit', () => {
  it.each([1, 2, 7])(
    'are never more than %i at once over all processes, and all of them are used',
    async (limit) => {
      const guards = await several(3, { concurrency: limit })
      const load = new Load()
      for (const guard of guards) load.from(guard, 6, () => 5 + random() * 40)
      await vi.advanceTimersByTimeAsync(6000)
      load.over = true
      expect(load.most).toBe(limit)
      // Of what one process alone could do with them, most is done.
      expect(load.begun.length).toBeGreaterThan((6000 / 25) * limit * 0.8)
    },
  )

  it.each([1, 5])('are shared fairly by processes that all are busy: %i', async (limit) => {
    const guards = await several(3, { concurrency: limit })
    const load = new Load()
    for (const guard of guards) load.from(guard, 8, () => 20)
    await vi.advanceTimersByTimeAsync(8000)
    load.over = true
    const counts = made(load, guards)
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) * 0.7)
  })

  it('are all for the one process that has use for them, soon after the others have none', async () => {
    const guards = await several(3, { concurrency: 6 })
    const [busy, ...others] = guards as [Guard, Guard, Guard]
    const load = new Load()
    for (const guard of others) load.from(guard, 6, () => 20)
    await vi.advanceTimersByTimeAsync(2000)
    load.over = true
    await vi.advanceTimersByTimeAsync(1500)
    const next = new Load()
    next.from(busy, 6, () => 20)
    await vi.advanceTimersByTimeAsync(1000)
    next.over = true
    expect(next.most).toBe(6)
  })

  it('cost nothing but the first of many calls, while nobody else wants them', async () => {
    const [guard] = (await several(2, { concurrency: 4 })) as [Guard, Guard]
    const load = new Load()
    load.from(guard, 4, () => 10)
    await vi.advanceTimersByTimeAsync(500)
    const before = store.written
    await vi.advanceTimersByTimeAsync(4000)
    load.over = true
    expect(load.begun.length).toBeGreaterThan(1000)
    expect(store.written - before).toBeLessThan(5)
  })

  it('come back after a process that says nothing any more has been thought dead', async () => {
    const [dies, lives] = (await several(2, { concurrency: 2 })) as [Guard, Guard]
    const never = () => new Promise<never>(() => {})
    void dies.run(finance, call, never).catch(() => {})
    void dies.run(finance, call, never).catch(() => {})
    await vi.advanceTimersByTimeAsync(100)
    kill(opened[0])
    let done = 0
    void lives.run(finance, call, async () => void (done = Date.now()))
    const killed = Date.now()
    await vi.advanceTimersByTimeAsync(11_000)
    expect(done - killed).toBeGreaterThan(1000)
    expect(done - killed).toBeLessThan(10_500)
  })

  it('have room in memory for as many as wait in all processes, but those that have died', async () => {
    const [dies, lives] = (await several(2, { concurrency: 1 })) as [Guard, Guard]
    const never = () => new Promise<never>(() => {})
    for (let at = 0; at < 9; at++) void dies.run(finance, call, never).catch(() => {})
    await vi.advanceTimersByTimeAsync(500)
    expect(lives.room(key).passes).toBe(0)
    kill(opened[0])
    await vi.advanceTimersByTimeAsync(13_000)
    expect(lives.room(key).passes).toBe(8)
  })

  it('go with the process that leaves, at once', async () => {
    const [leaves, stays] = (await several(2, { concurrency: 1 })) as [Guard, Guard]
    await Promise.all([leaves.run(finance, call, async () => {}), vi.advanceTimersByTimeAsync(100)])
    await Promise.all([opened[0] && close(opened[0]), vi.advanceTimersByTimeAsync(100)])
    const next = stays.run(finance, call, async () => 'called')
    await vi.advanceTimersByTimeAsync(100)
    expect(await next).toBe('called')
  })

  it('are fewer or more as soon as the limit is, in all processes', async () => {
    const guards = await several(2, { concurrency: 4 })
    const load = new Load()
    for (const guard of guards) load.from(guard, 6, () => 20)
    await vi.advanceTimersByTimeAsync(1000)
    for (const guard of guards) guard.changeLimits(key, { concurrency: 1 })
    await vi.advanceTimersByTimeAsync(500)
    load.most = 0
    await vi.advanceTimersByTimeAsync(2000)
    expect(load.most).toBe(1)
    for (const guard of guards) guard.changeLimits(key, { concurrency: 8 })
    await vi.advanceTimersByTimeAsync(1000)
    load.over = true
    expect(load.most).toBe(8)
  })
})

describe('the rate of a target', () => {
  it.each([0.5, 5, 100])(
    'is not above %f a second over any time, however many processes call',
    async (perSecond) => {
      const guards = await several(3, { perSecond }, { longestWaitMs: 60_000 })
      const load = new Load()
      for (const guard of guards) load.from(guard, 10, () => 1 + random() * 5)
      const seconds = perSecond < 1 ? 20 : 8
      await vi.advanceTimersByTimeAsync(seconds * 1000)
      load.over = true
      const { begun } = load
      for (let from = 0; from < begun.length; from += 7) {
        for (const to of [from + 3, from + 20, from + 200, begun.length - 1].filter(
          (at) => at < begun.length,
        )) {
          const passed = ((begun[to] as number) - (begun[from] as number)) / 1000
          expect(to - from + 1).toBeLessThanOrEqual(Math.max(1, perSecond) + passed * perSecond + 1)
        }
      }
      expect(begun.length).toBeGreaterThan(perSecond * seconds * 0.8)
      const counts = made(load, guards)
      expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) * 0.5)
    },
  )
})

describe('while the store is away', () => {
  it('no call within a limit begins, those under way end, and all go on when it is back', async () => {
    const guards = await several(2, { concurrency: 2 })
    let lost = 0
    const held = guards.map((guard) =>
      guard.run(finance, call, (signal) => {
        if (lost === 2) return Promise.resolve('made again')
        return new Promise<string>((_, reject) => {
          signal.addEventListener('abort', () => {
            lost += 1
            reject(signal.reason as Error)
          })
        })
      }),
    )
    await vi.advanceTimersByTimeAsync(1000)
    store.away = true
    await vi.advanceTimersByTimeAsync(9000)
    expect(lost).toBe(2)
    const later = guards.map((guard) => guard.run(finance, call, async () => 'called'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(guards.map((guard) => guard.find(key)?.limits.running)).toEqual([0, 0])
    store.away = false
    await vi.advanceTimersByTimeAsync(12_000)
    expect(await Promise.all([...held, ...later])).toEqual(['made again', 'made again', 'called', 'called'])
  })

  it('what was asked before, and is answered when it is back, gives nobody more than there is', async () => {
    const guards = await several(3, { concurrency: 4 })
    const load = new Load()
    for (const guard of guards) load.from(guard, 6, () => 5 + random() * 40)
    for (let round = 0; round < 6; round++) {
      await vi.advanceTimersByTimeAsync(2000)
      store.silent = true
      await vi.advanceTimersByTimeAsync(9500)
      store.silent = false
    }
    await vi.advanceTimersByTimeAsync(2000)
    load.over = true
    expect(load.most).toBe(4)
    expect(Math.min(...made(load, guards))).toBeGreaterThan(100)
  })

  it('a call that must not be repeated fails, and says that nobody knows whether it was made', async () => {
    const guard = await open({ concurrency: 1 })
    const once = { ...call, repeatable: () => false }
    const posted = guard.run(finance, once, (signal) => {
      return new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    })
    const seen = expect(posted).rejects.toMatchObject({ code: 'SLUSE-PLACE-LOST' })
    await vi.advanceTimersByTimeAsync(100)
    store.away = true
    await vi.advanceTimersByTimeAsync(9000)
    await seen
    store.away = false
    await vi.advanceTimersByTimeAsync(1000)
  })

  it('targets without limits are called as before', async () => {
    const guard = await open({})
    store.away = true
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await guard.run(finance, call, async () => 'called')).toBe('called')
    store.away = false
    await vi.advanceTimersByTimeAsync(1000)
  })
})

describe('a breaker', () => {
  const fails = () => Promise.reject(new Error('503'))
  const trip = async (guard: Guard) => {
    for (let at = 0; at < 3; at++) await expect(guard.run(finance, call, fails)).rejects.toThrow('503')
  }
  const states = (guards: readonly Guard[]) => guards.map((guard) => guard.find(key)?.breaker?.state)

  it('that one process opens is open in all, also in one that opens later', async () => {
    const guards = await several(2, {})
    await trip(guards[0] as Guard)
    await vi.advanceTimersByTimeAsync(300)
    guards.push(await open({}))
    expect(states(guards)).toEqual(['open', 'open', 'open'])
    const waits = guards[2]?.run(finance, call, async () => {})
    await expect(waits).rejects.toMatchObject({ code: 'SLUSE-POSTPONED', gate: key })
  })

  it('lets one call of one process try, and closes for all when that succeeds', async () => {
    const guards = await several(3, {})
    await trip(guards[0] as Guard)
    await vi.advanceTimersByTimeAsync(10_100)
    let tried = 0
    const answers = guards.map((guard) =>
      guard
        .run(finance, call, async () => {
          tried += 1
          await new Promise((done) => setTimeout(done, 500))
        })
        .then(
          () => 'called',
          (error: { code: string }) => error.code,
        ),
    )
    await vi.advanceTimersByTimeAsync(400)
    expect(tried).toBe(1)
    await vi.advanceTimersByTimeAsync(600)
    expect((await Promise.all(answers)).sort()).toEqual(['SLUSE-POSTPONED', 'SLUSE-POSTPONED', 'called'])
    expect(states(guards)).toEqual(['closed', 'closed', 'closed'])
  })

  it('opens again for all when the call that tries fails', async () => {
    const guards = await several(2, {})
    await trip(guards[0] as Guard)
    await vi.advanceTimersByTimeAsync(10_100)
    const tries = expect(guards[1]?.run(finance, call, fails)).rejects.toBeDefined()
    await vi.advanceTimersByTimeAsync(500)
    await tries
    expect(states(guards)).toEqual(['open', 'open'])
  })

  it('that an operator resets in one process is closed in all', async () => {
    const guards = await several(2, {})
    await trip(guards[0] as Guard)
    await vi.advanceTimersByTimeAsync(300)
    guards[1]?.reset(key)
    await vi.advanceTimersByTimeAsync(300)
    expect(states(guards)).toEqual(['closed', 'closed'])
    expect(await guards[0]?.run(finance, call, async () => 'called')).toBe('called')
  })

  it('has a trial free again where the process that was trying has died', async () => {
    const guards = await several(2, {})
    await trip(guards[0] as Guard)
    await vi.advanceTimersByTimeAsync(10_100)
    void guards[0]?.run(finance, call, () => new Promise<never>(() => {})).catch(() => {})
    await vi.advanceTimersByTimeAsync(100)
    kill(opened[0])
    await vi.advanceTimersByTimeAsync(1000)
    expect(guards[1]?.room(key).passes).toBe(0)
    await vi.advanceTimersByTimeAsync(11_000)
    expect(guards[1]?.room(key).passes).toBe(1)
    const tries = guards[1]?.run(finance, call, async () => 'called')
    await vi.advanceTimersByTimeAsync(100)
    expect(await tries).toBe('called')
  })

  it('tells once that it has opened, and once that it has closed', async () => {
    const told: string[] = []
    const guards = await several(2, {}, { onBreaker: ({ state }) => told.push(state) })
    await trip(guards[0] as Guard)
    await vi.advanceTimersByTimeAsync(10_100)
    const tries = guards[1]?.run(finance, call, async () => {})
    await vi.advanceTimersByTimeAsync(500)
    await tries
    expect(told).toEqual(['open', 'closed'])
  })
})

it('a pause that the target asked one process for holds in all', async () => {
  const retryAt = Date.now() + 60_000
  const guards = await several(2, {}, { classify: () => ({ ...down, retryAt }) })
  await expect(guards[0]?.run(finance, call, () => Promise.reject(new Error('429')))).rejects.toThrow('429')
  await vi.advanceTimersByTimeAsync(300)
  const waits = guards[1]?.run(finance, call, async () => {})
  await expect(waits).rejects.toMatchObject({ code: 'SLUSE-POSTPONED', gate: key })
})

/** The same numbers each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
