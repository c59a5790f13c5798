/**
 * `docs/reference/policies/*.svg`: each policy's behaviour over time, drawn from a real run of the guard, or of
 * an engine, on a clock that is moved by hand. The same picture each time.
 */
import { fileURLToPath } from 'node:url'
import { Guard, readResiliency, type GuardClock } from '../src/resilience/index.ts'
import { fault } from '../src/workflow/index.ts'
import { classifyCall } from '../src/activities/index.ts'
import { writePages } from './docs-pages.ts'
import { gracefulStop, watchdog } from './docs-policies-engine.ts'
import { picture, type Bar } from './docs-policies-picture.ts'

export const files: { readonly [file: string]: () => Promise<string> } = {
  'docs/reference/policies/timeout.svg': () =>
    picture('A call under a timeout of 2 s, repeated twice', guarded(timeout)),
  'docs/reference/policies/retry.svg': () =>
    picture('A call under an exponential retry policy', guarded(retry)),
  'docs/reference/policies/circuit-breaker.svg': () =>
    picture('One call a second to a target that is down from 3 s to 17 s', guarded(breaker)),
  'docs/reference/policies/limits.svg': () =>
    picture('20 calls of 2 s at once: at most 4 at a time; then at most 2 a second', guarded(limits)),
  'docs/reference/policies/graceful-stop.svg': () =>
    picture('Told to stop at 3 s, with 5 s of grace; started again at 10 s', gracefulStop),
  'docs/reference/policies/watchdog.svg': () =>
    picture('A call that hangs for 90 minutes, where 60 are said to be too long', watchdog),
}

/** A clock that jumps to the next thing that is due, once all that is under way has come to rest. */
class StepClock implements GuardClock {
  #now = 0
  #due: { at: number; wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const entry = { at: this.#now + ms, wake }
    this.#due.push(entry)
    return () => (this.#due = this.#due.filter((each) => each !== entry))
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve))
  }

  async run(until: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = this.#due.reduce<{ at: number; wake: () => void } | undefined>(
        (first, each) => (first && first.at <= each.at ? first : each),
        undefined,
      )
      if (!next || next.at > until) return
      this.#due = this.#due.filter((each) => each !== next)
      this.#now = next.at
      next.wake()
    }
  }
}

type Scene = (bars: Bar[], clock: StepClock) => Promise<number>

/** On a clock of its own. */
const guarded = (scene: Scene) => (bars: Bar[]) => scene(bars, new StepClock())

function guardOn(clock: StepClock, policies: object, limitsOf = {}): Guard {
  const names = { timeout: 't', retry: 'r', circuitBreaker: 'b' }
  const given = Object.keys(policies)
  const target = Object.fromEntries(
    Object.entries({ timeouts: 'timeout', retries: 'retry', circuitBreakers: 'circuitBreaker' })
      .filter(([kind]) => given.includes(kind))
      .map(([, part]) => [part, names[part as keyof typeof names]]),
  )
  const read = readResiliency({ spec: { policies, targets: { apps: { target } } } })
  return new Guard({
    policies: [read.policies],
    connections: [{ target: { kind: 'app', name: 'target' }, settings: { limits: limitsOf } }],
    classify: classifyCall,
    clock,
    random: () => 0.5,
    longestWaitMs: 60_000,
  })
}

const app = { kind: 'app', name: 'target' } as const
const call = () => ({ repeatable: () => true, attempt: 0, signal: new AbortController().signal })
const down = () => fault('communication', 'refused', { cause: 'ECONNREFUSED' })

const timeout: Scene = async (bars, clock) => {
  const guard = guardOn(clock, { timeouts: { t: '2s' }, retries: { r: { duration: '1s', maxRetries: 2 } } })
  let attempt = 0
  const result = guard.run(app, call(), async (signal) => {
    const [from, row, takes] = [clock.now(), `attempt ${++attempt}`, attempt < 3 ? 10_000 : 500]
    await Promise.race([
      clock.sleep(takes),
      new Promise((resolve) => signal.addEventListener('abort', resolve)),
    ])
    bars.push({ row, from, to: clock.now(), kind: signal.aborted ? 'bad' : 'good' })
  })
  await clock.run(9000)
  await result
  return 9000
}

const retry: Scene = async (bars, clock) => {
  const guard = guardOn(clock, {
    retries: { r: { policy: 'exponential', duration: '1s', maxInterval: '5s', maxRetries: 6 } },
    circuitBreakers: { b: { trip: 'false' } },
  })
  let attempt = 0
  const result = guard.run(app, call(), async () => {
    const [from, row] = [clock.now(), `attempt ${++attempt}`]
    await clock.sleep(200)
    bars.push({ row, from, to: clock.now(), kind: attempt < 7 ? 'bad' : 'good' })
    if (attempt < 7) throw down()
  })
  await clock.run(25_000)
  await result
  return 25_000
}

const breaker: Scene = async (bars, clock) => {
  const guard = guardOn(clock, {
    retries: { r: { maxRetries: 0 } },
    circuitBreakers: { b: { trip: 'consecutiveFailures >= 3', timeout: '5s' } },
  })
  const states: { state: string; at: number }[] = []
  for (let second = 0; second < 30; second++) {
    clock.after(second * 1000, () => {
      const at = clock.now()
      let called = false
      const row = (kind: Bar['kind']) => bars.push({ row: 'calls', from: at, to: at + 300, kind })
      guard
        .run(app, call(), async () => {
          called = true
          if (at >= 3000 && at < 17_000) throw down()
        })
        .then(
          () => row('good'),
          () =>
            called ? row('bad') : bars.push({ row: 'waits on disk', from: at, to: at + 300, kind: 'wait' }),
        )
        .finally(() => states.push({ state: guard.find('target')?.breaker?.state ?? '', at }))
        .catch(() => {})
    })
  }
  await clock.run(30_000)
  for (const [index, { state, at }] of states.entries()) {
    const kind = state === 'closed' ? 'good' : 'bad'
    bars.push({ row: 'breaker', from: at, to: states[index + 1]?.at ?? 30_000, kind })
  }
  return 30_000
}

const limits: Scene = async (bars, clock) => {
  const guard = guardOn(clock, { retries: { r: { maxRetries: 0 } } }, { concurrency: 4 })
  const send = (number: number) =>
    guard.run(app, call(), async () => {
      const from = clock.now()
      await clock.sleep(2000)
      bars.push({ row: `call ${number}`, from, to: clock.now(), kind: 'good' })
    })
  const first = Array.from({ length: 8 }, (_, index) => send(index + 1))
  await clock.run(4500)
  await Promise.all(first)
  guard.changeLimits('app:target', { concurrency: 100, perSecond: 2 })
  const rest = Array.from({ length: 12 }, (_, index) => send(index + 9))
  await clock.run(14_000)
  await Promise.all(rest)
  return 14_000
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const drawn = new Map<string, string>()
  for (const [file, draw] of Object.entries(files)) drawn.set(file, await draw())
  writePages(import.meta.url, Object.fromEntries([...drawn].map(([file, text]) => [file, () => text])))
}
