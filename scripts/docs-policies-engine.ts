/**
 * Scenes with an engine on a disk of its own, for the pictures of a graceful stop and of the watchdog. The clock stands
 * still until the scene moves it, so that the same comes out each time.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase, type Database } from '../src/database/index.ts'
import { openEmbeddedEngine, type Clock, type EmbeddedEngine } from '../src/engines/index.ts'
import { load, type Definition } from '../src/workflow/definition/index.ts'
import type { Bar } from './docs-policies-picture.ts'

const second = 1000
const minute = 60_000

/** Four calls; the server is told to stop at 3 s, with a grace period of 5 s, and is started again at 10 s. */
export async function gracefulStop(bars: Bar[]): Promise<number> {
  const scene = openScene({ activityConcurrency: 3 })
  const up = (from: number, to: number, kind: Bar['kind']) =>
    bars.push({ row: 'server', from: from * second, to: to * second, kind })
  const call = (name: string) => `call ${name}`
  try {
    const first = await scene.open()
    for (const name of ['A', 'B', 'C', 'D']) await scene.start(first, name)
    await until(() => scene.underWay.size === 3)
    scene.clock.moveTo(2 * second)
    // Its place is taken by D, which waited for its turn.
    bars.push({ row: call('A'), from: scene.end('A'), to: scene.clock.now(), kind: 'good' })
    await until(() => scene.underWay.has('D'))
    await scene.start(first, 'E')
    scene.clock.moveTo(3 * second)
    up(0, 3, 'good')
    await until(() => first.health().activitiesWaiting === 1)
    const closing = first.close(graceInRealTime)
    await until(() => first.health().activitiesWaiting === 0)
    scene.clock.moveTo(5 * second)
    bars.push({ row: call('B'), from: scene.end('B'), to: scene.clock.now(), kind: 'good' })
    scene.clock.moveTo(6 * second)
    bars.push({ row: call('C'), from: scene.end('C'), to: scene.clock.now(), kind: 'good' })
    scene.clock.moveTo(8 * second)
    await closing
    up(3, 8, 'wait')
    for (const [name, from] of scene.underWay) {
      bars.push({ row: call(name), from, to: scene.clock.now(), kind: 'bad' })
    }
    scene.underWay.clear()

    scene.clock.moveTo(10 * second)
    const next = await scene.open()
    await until(() => scene.underWay.size === 2)
    scene.clock.moveTo(12 * second)
    for (const name of ['D', 'E']) {
      bars.push({ row: call(name), from: scene.end(name), to: scene.clock.now(), kind: 'good' })
    }
    await until(() => next.health().liveRuns === 0)
    up(10, 14, 'good')
    bars.sort((one, other) => one.row.localeCompare(other.row))
    return 14 * second
  } finally {
    await scene.close()
  }
}

/** Longer than the scene takes within it, and no longer than a reader of the docs' tests would wait. */
const graceInRealTime = 1500

const looksEvery = 10 * second

/** A call that hangs for 90 minutes; longer than 60 is said to be stuck. */
export async function watchdog(bars: Bar[]): Promise<number> {
  const scene = openScene({ watchEvery: looksEvery, stuckAfter: 60 * minute })
  try {
    const engine = await scene.open()
    await scene.start(engine, 'hangs')
    await until(() => scene.underWay.size === 1)
    let stuckSince: number | undefined
    for (let at = 1; at <= 120; at += 1) {
      scene.clock.moveTo(at * minute)
      if (at === 90) bars.push({ row: 'call', from: scene.end('hangs'), to: scene.clock.now(), kind: 'bad' })
      // A look is over when the next one is due.
      await until(() => scene.clock.soonest === scene.clock.now() + looksEvery)
      const stuck = engine.health().stuckRuns === 1
      if (stuck && stuckSince === undefined) {
        stuckSince = scene.clock.now()
        await scene.stuckEvent()
        bars.push({ row: 'log and event', from: stuckSince, to: stuckSince + minute, kind: 'bad' })
      } else if (!stuck && stuckSince !== undefined) {
        bars.push({ row: 'said to be stuck', from: stuckSince, to: scene.clock.now(), kind: 'wait' })
        stuckSince = undefined
      }
    }
    return 120 * minute
  } finally {
    await scene.close()
  }
}

function openScene(settings: NonNullable<Parameters<typeof openEmbeddedEngine>[0]['settings']>) {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-docs-'))
  const clock = new StillClock()
  /** Calls that have begun and not ended, with when they began. */
  const underWay = new Map<string, number>()
  const ends = new Map<string, () => void>()
  let database: Database | undefined
  let engine: EmbeddedEngine | undefined
  const definition = callDefinition()
  return {
    clock,
    underWay,
    async open(): Promise<EmbeddedEngine> {
      await database?.close()
      database = await openDatabase({ folder })
      engine = await openEmbeddedEngine({
        database,
        clock,
        settings,
        activities: ({ input, signal }) =>
          new Promise((resolve, reject) => {
            const name = (input as { body: { name: string } }).body.name
            underWay.set(name, clock.now())
            ends.set(name, () => resolve(null))
            signal.addEventListener('abort', () => reject(signal.reason as Error))
          }),
      })
      await engine.deploy([definition])
      return engine
    },
    start: (on: EmbeddedEngine, name: string) =>
      on.start({ definition: { namespace: 'docs', name: 'call', version: 'latest' }, input: { name } }),
    /** Lets the call end well; gives when it began. */
    end(name: string): number {
      const began = underWay.get(name) ?? 0
      underWay.delete(name)
      ends.get(name)?.()
      return began
    },
    /** Resolves once it was told of. */
    async stuckEvent(): Promise<void> {
      const sql = "SELECT count(*) AS n FROM inbox WHERE type = 'dk.sluse.run.stuck.v1'"
      while ((await database?.query<{ n: number }>(sql))?.[0]?.n !== 1) await delay(2)
    },
    async close(): Promise<void> {
      await engine?.close(0)
      await database?.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

class StillClock implements Clock {
  #now = 0
  readonly #wakers = new Map<() => void, number>()

  now(): number {
    return this.#now
  }

  wakeAt(at: number, wake: () => void): () => void {
    this.#wakers.set(wake, at)
    if (at <= this.#now) setImmediate(() => this.moveTo(this.#now))
    return () => this.#wakers.delete(wake)
  }

  /** When the next who waits is due. */
  get soonest(): number {
    return Math.min(...this.#wakers.values())
  }

  moveTo(time: number): void {
    this.#now = time
    for (const [wake, at] of [...this.#wakers]) if (at <= time && this.#wakers.delete(wake)) wake()
  }
}

function callDefinition(): Definition {
  const { definition } = load(`document: { dsl: '1.0.3', namespace: docs, name: call, version: '1.0.0' }
do:
  - send: { call: http, with: { method: post, endpoint: 'http://target', body: { name: '\${ .name }' } } }
`)
  if (!definition) throw new Error('The definition of the scene is not valid.')
  return definition
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await delay(2)
}
