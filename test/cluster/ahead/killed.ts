import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../../src/database/index.ts'
import { openTemporalEngine, type Outcome, type TemporalEngine } from '../../../src/engines/index.ts'
import { define } from '../../../src/engines/testing/engine-suite.ts'
import { decodeRow } from '../../../src/history/index.ts'
import type { Json } from '../../../src/workflow/index.ts'
import type { Installation } from '../upgrades.ts'
import { openHeldEffects, type HeldEffects } from './held-effects.ts'
import { JournalLock } from './journal-lock.ts'
import { Workers } from './workers.ts'

/** Which effect a run is at when its worker is killed, or frozen. */
const held = {
  'the first under way': 'one',
  'the second under way': 'two',
  'the last under way': 'three',
  'carried out and not recorded': 'two',
  'recorded and not known to be': 'two',
  'woken in the middle': 'two',
  'woken after the end': 'two',
  'let go of by a worker that ends': 'two',
} as const

type Case = keyof typeof held

/** Worker processes that leave, or are taken for dead, in the middle of effects that come one after the other. */
export function killedAheadSuite(installation: () => Installation): void {
  describe('effects that come one after the other', () => {
    let killed: Scene
    let frozen: Scene
    let ended: Scene
    beforeAll(async () => {
      const open = () => Scene.open(installation())
      ;[killed, frozen, ended] = await Promise.all([open(), open(), open()])
      await Promise.all([kill(killed), freeze(frozen), end(ended)])
    }, 120_000)
    afterAll(() => Promise.all([killed?.close(), frozen?.close(), ended?.close()]))

    describe('whose worker is killed', () => {
      test.each([
        ['the first under way', ['one 2', 'two 1', 'three 1']],
        ['the second under way', ['one 1', 'two 2', 'three 1']],
        ['the last under way', ['one 1', 'two 1', 'three 2']],
        ['carried out and not recorded', ['one 1', 'two 2', 'three 1']],
        ['recorded and not known to be', ['one 1', 'two 1', 'three 1']],
      ] as const)('with %s: what is recorded is not repeated, all else is', async (name, output) => {
        expect(killed.outcomes[name]).toEqual({ status: 'completed', output })
        const times = output.map((each) => Number(each.split(' ')[1]))
        expect(effects.map((effect) => killed.effects.times(`${name}/${effect}`))).toEqual(times)
      })

      test('come again with the key that they had', () => killed.expectOneKeyEach())

      test('are recorded once each', () => killed.expectRecordedOnce())
    })

    describe('whose worker is frozen for so long that it is taken for dead, and wakes', () => {
      test.each(['woken in the middle', 'woken after the end'] as const)(
        '(%s): what it brings is too late, and it begins nothing more',
        async (name) => {
          expect(frozen.outcomes[name]).toEqual({
            status: 'completed',
            output: ['one 1', 'two 2', 'three 1'],
          })
          expect(effects.map((effect) => frozen.effects.times(`${name}/${effect}`))).toEqual([1, 2, 1])
        },
      )

      test('come again with the key that they had', () => frozen.expectOneKeyEach())

      test('are recorded once each', () => frozen.expectRecordedOnce())

      test('are carried out by it again when it is the only one', () => {
        expect(frozen.outcomes.afterwards).toMatchObject({ status: 'completed' })
      })
    })

    test('are not repeated where their worker is told to end: it waits for the one that is under way', () => {
      const name = 'let go of by a worker that ends'
      expect(ended.outcomes[name]).toEqual({ status: 'completed', output: ['one 1', 'two 1', 'three 1'] })
    })
  })
}

/** One worker is killed with four runs, the next with one of its own; the third ends all of them. */
async function kill(scene: Scene): Promise<void> {
  const { workers, effects } = scene
  const first = await workers.open()
  await scene.reach('the first under way')
  await scene.reach('the second under way')
  await scene.reach('the last under way')
  const answer = await scene.reach('carried out and not recorded')
  const lock = await JournalLock.take(scene.url)
  answer()
  const writer = await lock.waiter()
  await first.end('SIGKILL')
  await lock.undo(writer)
  await lock.release()
  for (const [name, effect] of Object.entries(held)) effects.release(`${name}/${effect}`)

  const last = 'recorded and not known to be'
  effects.hold(`${last}/two`)
  const second = await workers.open()
  const answerAgain = await scene.reach(last)
  const again = await JournalLock.take(scene.url)
  answerAgain()
  await again.waiter()
  await second.end('SIGKILL')
  await again.release()

  await workers.open()
  await scene.end()
}

/** One worker is frozen with two runs, which another one goes on with; it wakes when one of them has ended. */
async function freeze(scene: Scene): Promise<void> {
  const { workers, effects } = scene
  const first = await workers.open()
  const [middle, end] = ['woken in the middle', 'woken after the end'] as const
  const late = [await scene.reach(middle), await scene.reach(end)]
  effects.hold(`${middle}/three`)
  first.freeze()
  const second = await workers.open()
  for (const name of [middle, end]) (await effects.asked(`${name}/two`, 2))()
  const three = await effects.asked(`${middle}/three`)
  await scene.ended(end)
  first.wake()
  for (const answer of late) answer(['late'])
  for (const name of [middle, end]) await first.says(`answered ${name}/two`)
  three()
  await scene.end()
  await second.end('SIGTERM')
  await scene.start('afterwards')
  await scene.end()
}

/** One worker is told to end when a run has just set out there; another one goes on. */
async function end(scene: Scene): Promise<void> {
  const first = await scene.workers.open()
  const name = 'let go of by a worker that ends'
  const answer = await scene.reach(name)
  scene.effects.release(`${name}/${held[name]}`)
  const ended = first.end('SIGTERM')
  // Longer than a run that sets out may keep its workflow waiting.
  await new Promise((resolve) => setTimeout(resolve, 2000))
  await scene.workers.open()
  answer()
  await ended
  await scene.end()
}

const effects = ['one', 'two', 'three'] as const
const call = (name: string) =>
  `{ ${name}: { call: http, with: { method: post, endpoint: http://effect/${name}, body: '\${ { case: $workflow.input, before: . } }' } } }`
const definition = define(`do: [ ${effects.map(call).join(', ')} ]`)

/** Workers as processes, an API server in this one, and what effects call. */
class Scene {
  readonly outcomes: { [name: string]: Outcome } = {}
  readonly #ids: { [name: string]: string } = {}
  readonly url: string
  readonly effects: HeldEffects
  readonly workers: Workers
  readonly #engine: TemporalEngine
  readonly #database: Database
  readonly #folder: string

  private constructor(parts: {
    url: string
    effects: HeldEffects
    workers: Workers
    engine: TemporalEngine
    database: Database
    folder: string
  }) {
    this.url = parts.url
    this.effects = parts.effects
    this.workers = parts.workers
    this.#engine = parts.engine
    this.#database = parts.database
    this.#folder = parts.folder
  }

  static async open({ newDatabase, server: { address, namespace }, bundle }: Installation): Promise<Scene> {
    const [url, effects] = await Promise.all([newDatabase(), openHeldEffects()])
    const folder = mkdtempSync(join(tmpdir(), 'sluse-ahead-'))
    const file = join(folder, 'bundle.js')
    writeFileSync(file, bundle)
    const key = randomBytes(32)
    const server = { address, namespace, taskQueue: `ahead-${randomUUID()}` }
    const database = await openDatabase({ folder, url, exclusive: false })
    const engine = await openTemporalEngine({
      ...{ database, server, key, bundle, role: 'api' },
      activities: async () => null,
    })
    const job = { url, server, key: key.toString('hex'), bundle: file, effects: effects.url }
    return new Scene({ url, effects, workers: new Workers(job), engine, database, folder })
  }

  async start(name: string): Promise<void> {
    this.#ids[name] = (await this.#engine.start({ definition, input: name })).id
  }

  /** Starts the run, and lets it come to the effect that is held. */
  async reach(name: Case): Promise<(value?: Json) => void> {
    const effect = `${name}/${held[name]}`
    this.effects.hold(effect)
    await this.start(name)
    return this.effects.asked(effect)
  }

  async ended(name: string): Promise<void> {
    this.outcomes[name] = await this.#engine.outcome(this.#ids[name] ?? '')
  }

  async end(): Promise<void> {
    for (const name of Object.keys(this.#ids)) await this.ended(name)
  }

  expectOneKeyEach(): void {
    const all = Object.entries(this.#ids).flatMap(([name, id]) =>
      effects.map((effect, at) => {
        expect(this.effects.keys(`${name}/${effect}`)).toEqual(new Set([`${id}:/do/${at}/${effect}`]))
      }),
    )
    expect(all.length).toBeGreaterThan(0)
  }

  async expectRecordedOnce(): Promise<void> {
    const rows = await this.#database.query<{ id: string; data: string }>(
      'SELECT runs.id AS id, data FROM journal JOIN runs ON runs.number = journal.run',
    )
    const recorded = rows.flatMap(({ id, data }) =>
      decodeRow(data).flatMap((item) => (item.type === 'result' ? [`${id}:${item.key}`] : [])),
    )
    const all = Object.values(this.#ids).flatMap((id) =>
      effects.map((effect, at) => `${id}:/do/${at}/${effect}`),
    )
    expect(recorded.sort()).toEqual(all.sort())
  }

  async close(): Promise<void> {
    await this.workers.close()
    await this.#engine.close(0)
    await this.#database.close()
    await this.effects.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
