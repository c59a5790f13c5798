import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkEvent, openApp, runOnce, type App, type RunOnce } from '../../app.ts'
import { inThisProcess, type Log, type Settings } from '../../config/index.ts'
import type { Definition } from '../../workflow/definition/index.ts'
import type { CloudEvent, Json } from '../../workflow/index.ts'
import { differences } from './compare.ts'
import { mockActivities, type Mocked } from './mocks.ts'
import type { Expectation, TestCase, TestFile } from './test-file.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'

export interface CaseResult {
  readonly name: string
  readonly passed: boolean
  /** What was not as expected. */
  readonly failures: readonly string[]
  /** Real milliseconds. */
  readonly took: number
}

export interface CaseOptions {
  readonly definition: Definition
  readonly others: readonly Definition[]
  readonly settings: Settings
  readonly log: Log
}

/** In real time; in the run's own time it may be years. */
const mostMs = 20_000

/** Runs one case on an engine of its own, with mocks for the world and a clock that does not wait. */
export async function runCase(test: TestCase, file: TestFile, options: CaseOptions): Promise<CaseResult> {
  const began = performance.now()
  const failures = await play(test, file, options).catch((error: unknown) => [
    error instanceof Error ? error.message : String(error),
  ])
  return {
    name: test.name,
    passed: failures.length === 0,
    failures,
    took: Math.round(performance.now() - began),
  }
}

async function play(test: TestCase, file: TestFile, options: CaseOptions): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sluse-test-'))
  try {
    const secretsFile = join(folder, 'secrets.json')
    await writeFile(secretsFile, JSON.stringify({ ...file.secrets, ...test.secrets }), { mode: 0o600 })
    const clock = virtualClock()
    let mocked: Mocked | undefined
    const app = await openApp({
      settings: {
        ...options.settings,
        data: join(folder, 'data'),
        ...inThisProcess,
        secretsDir: undefined,
      },
      log: options.log,
      secretsFile,
      environment: {},
      clock,
      // What only waits is put down at once: that it is on disk as waiting is how we know that it does.
      engine: { parkAtOnceAfter: 0, maxIdleRuns: 0 },
      activities: (real) => {
        mocked = mockActivities([...(test.mocks ?? []), ...(file.mocks ?? [])], real, file.real ?? [])
        return mocked.runner
      },
    })
    try {
      const events = (test.events ?? []).map((event, index) => checkEvent(complete(event as Json, index)))
      const ended = await toTheEnd(app, clock, { ...options, input: test.input, events })
      if (!ended) return ['It never ends: it still waits when nothing more can happen.']
      return await judge(app, ended, test.expect ?? {}, mocked)
    } finally {
      await app.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What every event has, and no test cares about. */
function complete(event: Json, index: number): Json {
  return {
    specversion: '1.0',
    id: `test-${index + 1}`,
    source: '/test',
    ...(event as { [name: string]: Json }),
  }
}

async function toTheEnd(
  app: App,
  clock: VirtualClock,
  given: {
    definition: Definition
    others: readonly Definition[]
    input: Json | undefined
    events: readonly CloudEvent[]
  },
): Promise<RunOnce | undefined> {
  const abort = new AbortController()
  let over = false
  const running = runOnce(app, { ...given, by: 'test', signal: abort.signal }).finally(() => {
    over = true
  })
  const deadline = performance.now() + mostMs
  let quiet = 0
  let dead = false
  while (!over) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    // Events come first: `runOnce` publishes one as soon as the run waits for it, and time moves only then.
    quiet = over || !rests(app) ? 0 : quiet + 1
    const due = quiet > restsBeforeTime ? await app.waits.nextDue() : undefined
    if (due !== undefined && due <= clock.now() + longestWaitMs) {
      quiet = 0
      clock.advanceTo(due)
    }
    dead = quiet > restsBeforeEnd || performance.now() > deadline
    if (!dead) continue
    abort.abort()
    await Promise.race([running.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 2000))])
    return undefined
  }
  return running
}

/** Looks in a row at which nothing moved, before time does; longer than it takes to publish the next event. */
const restsBeforeTime = 8

/** Looks in a row at which nothing moved, and nothing is to come: it waits for ever. */
const restsBeforeEnd = 200

const longestWaitMs = 100 * 365 * 86_400_000

/** Nothing is in memory: every run has been put down on disk, to wait. */
function rests(app: App): boolean {
  const { liveRuns, activitiesRunning, activitiesWaiting } = app.engine.health()
  return liveRuns + activitiesRunning + activitiesWaiting === 0
}

async function judge(
  app: App,
  ended: RunOnce,
  expect: Expectation,
  mocked: Mocked | undefined,
): Promise<string[]> {
  const { outcome, emitted } = ended
  const failures: string[] = []
  const unanswered = [...new Set(mocked?.unanswered)].map((each) => `No mock answers ${each}.`)
  const status = expect.status ?? (expect.error ? 'faulted' : 'completed')
  if (outcome.status !== status) {
    const why = outcome.status === 'faulted' ? `: ${JSON.stringify(outcome.error)}` : ''
    failures.push(`It ${outcome.status}, expected ${status}${why}`)
  }
  if (expect.output !== undefined && outcome.status === 'completed') {
    failures.push(...differences(expect.output, outcome.output, false, 'output'))
  }
  if (expect.error && outcome.status === 'faulted') {
    failures.push(...differences(expect.error, outcome.error as Json, true, 'error'))
  }
  if (expect.emitted)
    failures.push(...differences(expect.emitted, emitted as unknown as Json, true, 'emitted'))
  if (expect.calls) failures.push(...differences(expect.calls, mocked?.calls ?? [], true, 'calls'))
  if (expect.order) failures.push(...(await judgeOrder(app, ended.id, expect.order)))
  return [...failures, ...unanswered]
}

/** The tasks named started in this order; others may have started between them. */
async function judgeOrder(app: App, id: string, order: readonly string[]): Promise<string[]> {
  const { tasks } = await app.history.timeline(id)
  const started = tasks.map(({ task }) => task)
  let at = 0
  for (const name of order) {
    const found = started.findIndex(
      (task, index) => index >= at && (task === name || task.endsWith(`/${name}`)),
    )
    if (found < 0) {
      const names = started.map((task) => task.split('/').at(-1)).join(', ')
      return [
        `order: ${name} did not start${at > 0 ? ' after the one before it' : ''}; they started as ${names}`,
      ]
    }
    at = found + 1
  }
  return []
}
