import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { openTemporalEngine, type ActivityRunner, type TemporalEngine } from '../../src/engines/index.ts'
import { define } from '../../src/engines/testing/engine-suite.ts'
import type { Json } from '../../src/workflow/index.ts'
import { decodeItems } from '../../src/history/index.ts'
import { testEvent } from '../../src/engines/testing/embedded-engine.ts'

export interface Installation {
  /** Where an empty database is. */
  readonly newDatabase: () => Promise<string>
  readonly server: { readonly address: string; readonly namespace: string }
  readonly bundle: string
}

/** Workers of one version make way for workers of another, with runs of every kind under way. */
export function upgradeSuite(installation: () => Installation): void {
  describe('an upgrade, one worker after the other', () => {
    let rolling: Rolling
    afterEach(() => rolling.close())

    test('breaks no run under way: each ends right, each effect is recorded once, and new runs begin on the new version', async () => {
      rolling = new Rolling(installation())
      const api = await rolling.open('api', '1.0.0')
      const old = [await rolling.open('worker', '1.0.0'), await rolling.open('worker', '1.0.0')]
      await api.engine.deploy([main, child])
      await rolling.current('1.0.0')
      const before = await rolling.start(api, 4)
      await rolling.waiting(4)

      const upgraded = [await rolling.open('worker', '1.1.0'), await rolling.open('worker', '1.1.0')]
      await rolling.current('1.1.0')
      const between = await rolling.start(api, 2)
      await rolling.waiting(6)
      // Half of the old runs go on while their workers are there, the others when those are gone.
      await rolling.wake(before.slice(0, 2))
      for (const id of before.slice(0, 2)) expect(await api.engine.outcome(id)).toEqual(right)
      const early = upgraded.flatMap((worker) => worker.carriedOut.filter((id) => !worker.aside.includes(id)))
      expect(early.some((id) => before.includes(id))).toBe(false)
      for (const worker of old) await worker.engine.close(1000)

      await rolling.wake([...before.slice(2), ...between])
      for (const id of [...before, ...between]) expect(await api.engine.outcome(id)).toEqual(right)
      expect(await rolling.recordedTwice()).toEqual([])
      await vi.waitFor(
        () => expect(upgraded.flatMap(({ aside }) => aside).sort()).toEqual([...before, ...between].sort()),
        patient,
      )
      expect(old.flatMap(({ carriedOut }) => carriedOut).some((id) => between.includes(id))).toBe(false)
    })

    test('is gone back on: the old version takes over where the new one has no workers any more', async () => {
      rolling = new Rolling(installation())
      const api = await rolling.open('api', '1.1.0')
      await api.engine.deploy([main, child])
      const upgraded = await rolling.open('worker', '1.1.0')
      await rolling.current('1.1.0')
      const ids = await rolling.start(api, 3)
      await rolling.waiting(3)
      const old = await rolling.open('worker', '1.0.0')
      const more = await rolling.start(api, 1)
      await rolling.waiting(4)
      expect(old.carriedOut).toEqual([])

      await upgraded.engine.close(0)
      await rolling.current('1.0.0')
      await rolling.wake([...ids, ...more])
      for (const id of [...ids, ...more]) expect(await api.engine.outcome(id)).toEqual(right)
      expect(await rolling.recordedTwice()).toEqual([])
    })

    test('mends itself where nothing is pinned: a history that the new version cannot replay is given up for the records', async () => {
      rolling = new Rolling(installation(), { pins: false })
      const api = await rolling.open('api', '1.0.0')
      const old = await rolling.open('worker', '1.0.0')
      await api.engine.deploy([main, child])
      const ids = await rolling.start(api, 2)
      await rolling.waiting(2)
      await old.engine.close(0)
      await rolling.open('worker', '1.1.0')
      await rolling.wake(ids)
      for (const id of ids) expect(await api.engine.outcome(id)).toEqual(right)
      expect(await rolling.recordedTwice()).toEqual([])
    })

    test('holds up no command: it finds the run on the version that is there', async () => {
      rolling = new Rolling(installation())
      const api = await rolling.open('api', '1.0.0')
      await api.engine.deploy([main, child])
      const old = await rolling.open('worker', '1.0.0')
      await rolling.current('1.0.0')
      const [id = ''] = await rolling.start(api, 1)
      await rolling.waiting(1)
      await old.engine.close(0)
      const cancelled = api.engine.cancel(id, 'somebody')
      await rolling.open('worker', '1.1.0')
      await cancelled
      expect(await api.engine.outcome(id)).toEqual({ status: 'cancelled' })
    })
  })
}

const effect = (name: string) =>
  `{ ${name}: { call: http, with: { method: get, endpoint: "http://effect/${name}", body: '\${ . }' } } }`

/** What takes a while to come to its first effect, a child, something that nobody waits for, an event, a timer, and effects beside one another. */
const main = define(`
do:
  - checked: { input: { schema: { document: { type: integer } } }, set: '\${ . }' }
  - ${effect('first')}
  - below: { run: { workflow: { namespace: test, name: below, version: 1.0.0, input: '\${ . }' } } }
  - aside: { run: { await: false, shell: { command: echo } } }
  - go: { listen: { to: { one: { with: { type: go, subject: '\${ $workflow.id }' } } } } }
  - both: { fork: { branches: [ ${effect('left')}, ${effect('right')} ] } }
  - pause: { wait: { milliseconds: 300 } }
  - last: { set: { ended: true } }`)
const child = define(`do: [ ${effect('inner')}, { pause: { wait: { milliseconds: 50 } } } ]`, {
  name: 'below',
})

const right = { status: 'completed', output: { ended: true } }

interface Opened {
  readonly engine: TemporalEngine
  readonly database: Database
  readonly folder: string
  /** Ids of the runs whose effects it carried out. */
  readonly carriedOut: string[]
  /** Ids of the runs of which it carried out what nobody waits for. */
  readonly aside: string[]
}

class Rolling {
  readonly #of: Installation
  #url: string | undefined
  readonly #pins: boolean
  readonly #key = randomBytes(32)
  readonly #taskQueue = `upgrade-${randomUUID()}`
  readonly #opened: Opened[] = []
  readonly #said: { message: string; build: string }[] = []

  constructor(of: Installation, { pins = true } = {}) {
    this.#of = of
    this.#pins = pins
  }

  async open(role: 'api' | 'worker', version: string): Promise<Opened> {
    const { server, bundle, newDatabase } = this.#of
    const url = (this.#url ??= await newDatabase())
    const folder = mkdtempSync(join(tmpdir(), 'sluse-upgrade-'))
    const database = await openDatabase({ folder, url, exclusive: false })
    const carriedOut: string[] = []
    const aside: string[] = []
    const activities: ActivityRunner = async ({ runId, kind, input, signal }) => {
      carriedOut.push(runId)
      // What nobody waits for is held up on the first version, until its workers leave.
      if (kind === 'shell' && version === '1.0.0')
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        )
      if (kind === 'shell') aside.push(runId)
      await new Promise((resolve) => setTimeout(resolve, 20))
      signal.throwIfAborted()
      return (input as { body?: string }).body ?? null
    }
    const engine = await openTemporalEngine({
      ...{ database, activities, key: this.#key, role, bundle: versionOf(bundle, version) },
      server: { ...server, taskQueue: this.#taskQueue },
      settings: { movesAfter: 500, findsLostEvery: 1000 },
      pins: this.#pins,
      runtime: { name: 'sluse', version, metadata: {} },
      log: (level, message, data) => {
        if (process.env.SLUSE_TEST_LOG) console.log(version, level, message, JSON.stringify(data))
        this.#said.push({ message, build: String(data?.build ?? '') })
      },
    })
    const opened = { engine, database, folder, carriedOut, aside }
    this.#opened.push(opened)
    return opened
  }

  /** New runs begin on this version from here on. */
  async current(version: string): Promise<void> {
    const since = this.#said.length
    const says = ({ message, build }: { message: string; build: string }) =>
      message.startsWith('New runs begin') && build.startsWith(version)
    await vi.waitFor(
      () => expect(this.#said.slice(Math.max(0, since - 50)).filter(says).length).toBeGreaterThan(0),
      patient,
    )
  }

  async start({ engine }: Opened, count: number): Promise<string[]> {
    const all = Array.from({ length: count }, (_, at) =>
      engine.start({ definition: main.reference, input: at, idempotencyKey: `${randomUUID()}` }),
    )
    return (await Promise.all(all)).map(({ id }) => id)
  }

  /** Until so many runs wait for their event. */
  async waiting(count: number): Promise<void> {
    await vi.waitFor(async () => {
      const sql = `SELECT DISTINCT run FROM waits WHERE type = 'go'`
      expect(await this.#database.query(sql)).toHaveLength(count)
    }, patient)
  }

  async wake(ids: readonly string[]): Promise<void> {
    const { engine } = this.#opened[0] as Opened
    await engine.publish(ids.map((id) => ({ ...testEvent('go', id), subject: id })))
  }

  /** Effects that a run was given two results of. */
  async recordedTwice(): Promise<string[]> {
    const rows = await this.#database.query<{ run: number; data: string }>('SELECT run, data FROM journal')
    const all = rows.flatMap(({ run, data }) =>
      decodeItems(JSON.parse(data) as Json).flatMap((item) =>
        item.type === 'result' ? [`${run} ${item.key}`] : [],
      ),
    )
    expect(all.length).toBeGreaterThan(0)
    return all.filter((one, at) => all.indexOf(one) !== at)
  }

  get #database(): Database {
    return (this.#opened[0] as Opened).database
  }

  async close(): Promise<void> {
    for (const { engine } of this.#opened) await engine.close(0)
    for (const { database, folder } of this.#opened) {
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const patient = { timeout: 30_000, interval: 100 }

/** A later version cannot replay a history of the first: it begins each run with a timer. */
function versionOf(bundle: string, version: string): string {
  if (version === '1.0.0') return bundle
  const begins = /(\w+)(\.CancellationScope\.nonCancellable\(async \(\) ?=> ?\{)/
  if (!begins.test(bundle)) throw new Error('The bundle does not begin a run as it did.')
  return bundle.replace(begins, '$1$2 await $1.sleep(1);')
}
