/**
 * `docs/reference/policies/*.svg`: each policy's behaviour over time, drawn from a real run of the guard on a clock
 * that is moved by hand. The same picture each time.
 */
import { Guard, readResiliency, type GuardClock } from '../src/resilience/index.ts'
import { fault } from '../src/workflow/index.ts'
import { classifyCall } from '../src/activities/index.ts'
import { writePages } from './docs-pages.ts'

export const files: { readonly [file: string]: () => Promise<string> } = {
  'docs/reference/policies/timeout.svg': () =>
    picture('A call under a timeout of 2 s, repeated twice', timeout),
  'docs/reference/policies/retry.svg': () => picture('A call under an exponential retry policy', retry),
  'docs/reference/policies/circuit-breaker.svg': () =>
    picture('One call a second to a target that is down from 3 s to 17 s', breaker),
  'docs/reference/policies/limits.svg': () =>
    picture('20 calls of 2 s at once: at most 4 at a time; then at most 2 a second', limits),
}

/** One thing that happened: a bar on a row, from and to in milliseconds. */
interface Bar {
  readonly row: string
  readonly from: number
  readonly to: number
  readonly kind: 'good' | 'bad' | 'wait'
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

const width = 720
const left = 110
const rowHeight = 20

async function picture(title: string, scene: Scene): Promise<string> {
  const bars: Bar[] = []
  const length = await scene(bars, new StepClock())
  const rows = [...new Set(bars.map(({ row }) => row))]
  const height = 50 + rows.length * rowHeight + 30
  const x = (ms: number) => (left + (ms / length) * (width - left - 20)).toFixed(1)
  const y = (row: string) => 40 + rows.indexOf(row) * rowHeight
  const step = Math.ceil(length / 10_000) * 1000
  const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="10" y="20" font-size="14" fill="#1a1a1a">${title}</text>`,
    ...ticks.flatMap((at) => [
      `<line x1="${x(at)}" x2="${x(at)}" y1="32" y2="${height - 28}" stroke="#dddddd"/>`,
      `<text x="${x(at)}" y="${height - 12}" text-anchor="middle" fill="#555555">${at / 1000} s</text>`,
    ]),
    ...rows.map((row) => `<text x="10" y="${y(row) + 12}" fill="#1a1a1a">${row}</text>`),
    ...bars.map(
      ({ row, from, to, kind }) =>
        `<rect x="${x(from)}" y="${y(row) + 2}" width="${Math.max(2, Number(x(to)) - Number(x(from))).toFixed(1)}" height="13" fill="${colours[kind]}"/>`,
    ),
    '</svg>',
    '',
  ].join('\n')
}

const colours = { good: '#1b7f4b', bad: '#b3261e', wait: '#c98a00' } as const

const drawn = await Promise.all(
  Object.entries(files).map(async ([file, draw]) => [file, await draw()] as const),
)
writePages(import.meta.url, Object.fromEntries(drawn.map(([file, text]) => [file, () => text])))
