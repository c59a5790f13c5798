import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../../database/index.ts'
import { openHistory } from '../../../history/index.ts'
import { isObject, Postponed, type Json } from '../../../workflow/index.ts'
import type { ActivityRequest, ActivityRunner } from '../../engine.ts'
import { systemClock } from '../../records/clock.ts'
import { Definitions } from '../../records/definitions.ts'
import { GroupCommit } from '../../records/group-commit.ts'
import { Inbox } from '../../records/inbox.ts'
import { Limiter } from '../../records/limiter.ts'
import { RunRecords } from '../../records/run-records.ts'
import { Timers } from '../../records/timers.ts'
import { define } from '../../testing/engine-suite.ts'
import type { Cluster } from '../cluster.ts'
import { ClusterRuns } from '../cluster-runs.ts'
import { Ending } from '../ending.ts'
import { commitBatches, takeBack, takeUp } from '../executions.ts'
import { libraries } from '../libraries.ts'
import { defaultTemporalSettings } from '../options.ts'
import type { HandedOver, Loaded, SetOut } from '../protocol.ts'
import { goAhead } from './go-ahead.ts'
import { setOut } from './set-out.ts'
import { UnfinishedEffects } from './unfinished.ts'

const call = (name: string) =>
  `{ ${name}: { call: http, with: { method: get, endpoint: http://effect/${name}, body: '\${ . }' } } }`
const three = `do: [ ${call('one')}, ${call('two')}, ${call('three')} ]`

test('a batch sent twice is written once; another one with its number has the run begin anew', async () => {
  const { place } = await begun(three)
  const batch = (data: string) => [{ number: 1, units: [{ feed: { run: 1, data } }] }]
  expect(await commitBatches(core, place, batch('[1]'))).toBe('written')
  expect(await commitBatches(core, place, batch('[1]'))).toBe('before')
  await expect(commitBatches(core, place, batch('[2]'))).rejects.toMatchObject({ type: 'superseded' })
  expect(await database.query("SELECT data FROM journal WHERE data IN ('[1]', '[2]')")).toEqual([
    { data: '[1]' },
  ])
})

describe('a run that goes ahead', () => {
  test('has its effects carried out one after the other, and ends in there', async () => {
    const over = await begun(three)
    expect(await ahead(over)).toEqual({ over: 'completed' })
    expect(performed).toEqual(['one', 'two', 'three'])
    expect(recordedKeys).toEqual(['/do/0/one', '/do/1/two', '/do/2/three'])
    expect(await recorded()).toEqual({ '/do/0/one': 1, '/do/1/two': 1, '/do/2/three': 1 })
    expect(await outcome()).toEqual({ status: 'completed', output: 'three' })
    expect(await database.query('SELECT * FROM executions')).toEqual([])
  })

  test('has a result recorded before the next effect begins', async () => {
    const over = await begun(three)
    effects.two = async () => {
      expect(await recorded()).toEqual({ '/do/0/one': 1 })
      return 2
    }
    expect(await ahead(over)).toEqual({ over: 'completed' })
  })

  test('goes on, after its worker died, from what was recorded; the effect under way comes again with its key', async () => {
    const over = await begun(three)
    const dies = new AbortController()
    effects.two = () => hang(() => dies.abort(new Error('dead')))
    await expect(ahead(over, dies.signal)).rejects.toThrow('dead')
    effects.two = () => 2
    expect(await ahead(over)).toEqual({ over: 'completed' })
    expect(performed).toEqual(['one', 'two', 'two', 'three'])
    expect(new Set(keys).size).toBe(3)
    expect(await recorded()).toEqual({ '/do/0/one': 1, '/do/1/two': 1, '/do/2/three': 1 })
  })

  test('writes nothing any more where it was taken for dead and is not', async () => {
    const over = await begun(three)
    const stuck = gate()
    effects.two = stuck.effect
    const first = ahead(over)
    await stuck.reached
    effects.two = () => 'second'
    expect(await ahead(over)).toEqual({ over: 'completed' })
    stuck.open('first')
    expect(await first).toEqual({ left: { key: '/do/1/two', performed: { value: 'first' } } })
    expect(await recorded()).toEqual({ '/do/0/one': 1, '/do/1/two': 1, '/do/2/three': 1 })
    expect(performed).toEqual(['one', 'two', 'two', 'three'])
  })

  test('hands back what it had under way where the workflow has taken the run back', async () => {
    const over = await begun(three)
    const stuck = gate()
    effects.two = stuck.effect
    const first = ahead(over)
    await stuck.reached
    const back = await takeBack(core, over)
    expect(back?.epoch).toBeGreaterThan(over.place.epoch)
    stuck.open('late')
    expect(await first).toEqual({ left: { key: '/do/1/two', performed: { value: 'late' } } })
    expect(await recorded()).toEqual({ '/do/0/one': 1 })
    expect(performed).toEqual(['one', 'two'])
  })

  test('does nothing where it begins only after the run was taken back', async () => {
    const over = await begun(three)
    await takeBack(core, over)
    expect(await ahead(over)).toEqual({})
    expect(performed).toEqual([])
  })

  test('does nothing where another workflow has taken the run up', async () => {
    const over = await begun(three)
    await takeUp(core, 1)
    await expect(ahead(over)).rejects.toMatchObject({ type: 'superseded' })
    expect(performed).toEqual([])
  })

  test('is taken back once, however often that is asked', async () => {
    const over = await begun(three)
    expect(await takeBack(core, over)).toEqual(await takeBack(core, over))
  })

  test.each([
    ['a time that is far', '{ later: { wait: { hours: 1 } } }'],
    ['an event', '{ hear: { listen: { to: { one: { with: { type: go } } } } } }'],
    ['several effects at a time', `{ both: { fork: { branches: [ ${call('a')}, ${call('b')} ] } } }`],
    ['a child', '{ below: { run: { workflow: { namespace: test, name: other, version: 1.0.0 } } } }'],
    ['what nobody waits for', '{ apart: { run: { await: false, shell: { command: echo } } } }'],
  ])('comes back where it is to wait for %s', async (_, task) => {
    const over = await begun(`do: [ ${call('one')}, ${task}, ${call('last')} ]`)
    const { back, left } = await ahead(over)
    expect(performed).toEqual(['one'])
    expect(left).toBeUndefined()
    expect(back?.items.filter(({ type }) => type === 'result')).toMatchObject([
      { key: '/do/0/one', value: 'one' },
    ])
    expect(await recorded()).toEqual({ '/do/0/one': 1 })
  })

  test('comes back with an effect that was put off, which has not failed', async () => {
    const over = await begun(three)
    effects.two = () => {
      throw new Postponed(99, 1, 'the breaker is open')
    }
    const { back, left } = await ahead(over)
    await expect.poll(() => core.limiter.running).toBe(0)
    const postponed = { until: 99, attempt: 1, reason: 'the breaker is open' }
    expect(left).toEqual({ key: '/do/1/two', performed: { postponed } })
    expect(back?.rows).toBe((await core.records.rows(...(await rowAndSealer()))).length)
  })

  test('comes back when it has had its time, after the effect that is under way', async () => {
    settings.aheadMs = 1
    const over = await begun(three)
    effects.one = () => new Promise((resolve) => setTimeout(() => resolve(1), 5))
    expect((await ahead(over)).back?.items.filter(({ type }) => type === 'result')).toHaveLength(1)
    expect(performed).toEqual(['one'])
  })

  test('waits in there for a time that is near, and for a timeout', async () => {
    const over = await begun(`
do:
  - pause: { wait: { milliseconds: 20 } }
  - slow:
      try: [ { hang: { call: http, with: { method: get, endpoint: http://effect/hang }, timeout: { after: { milliseconds: 30 } } } } ]
      catch: { errors: { with: { status: 408 } }, do: [ ${call('instead')} ] }`)
    effects.hang = () => hang()
    expect(await ahead(over)).toEqual({ over: 'completed' })
    expect(performed).toEqual(['hang', 'instead'])
  })

  test('publishes what it emits', async () => {
    const over = await begun('do: [ { tell: { emit: { event: { with: { type: told, data: 1 } } } } } ]')
    expect(await ahead(over)).toEqual({ over: 'completed' })
    expect(await database.query('SELECT type FROM inbox')).toEqual([{ type: 'told' }])
    expect(told).toBe(1)
  })

  test('goes on with a fault as with a result', async () => {
    const over = await begun(three)
    effects.two = () => {
      throw new Error('broken')
    }
    expect(await ahead(over)).toEqual({ over: 'faulted' })
    expect(await outcome()).toMatchObject({ error: { detail: 'broken' } })
  })
})

describe('a run that sets out', () => {
  test('is over before the sandbox has it, where it is one quick effect after the other', async () => {
    await created(three)
    expect(await out()).toEqual({
      is: 'over',
      ended: { status: 'completed', searchable: false },
    })
    expect(performed).toEqual(['one', 'two', 'three'])
    expect(await recorded()).toEqual({ '/do/0/one': 1, '/do/1/two': 1, '/do/2/three': 1 })
  })

  test('says so again, and does nothing, where the workflow did not hear of it', async () => {
    await created(three)
    expect(await out()).toEqual(await out())
    expect(performed).toHaveLength(3)
  })

  test('is the workflow’s from where it has to wait for something else', async () => {
    await created(`do: [ ${call('one')}, { hear: { listen: { to: { one: { with: { type: go } } } } } } ]`)
    const { loaded } = await outcomeOf(out())
    expect(loaded?.items.filter(({ type }) => type === 'result')).toMatchObject([{ key: '/do/0/one' }])
    const { epoch = 0, batch = 0 } = loaded ?? {}
    expect(loaded?.ahead?.rows).toBe((await core.records.rows(...(await rowAndSealer()))).length)
    const place = { run: 1, epoch }
    const next = [{ number: batch + 1, units: [{ feed: { run: 1, data: '[]' } }] }]
    expect(await commitBatches(core, place, next)).toBe('written')
  })

  test('goes on with an effect that takes long, for whoever asks for it', async () => {
    settings.aheadMs = 1000
    await created(three)
    const stuck = gate()
    effects.two = stuck.effect
    const { loaded } = await outcomeOf(out())
    const { key, queue } = loaded?.unfinished ?? {}
    expect([key, queue]).toEqual(['/do/1/two', core.unfinished.queue])
    const asked = core.unfinished.end(1, '/do/1/two', never)
    stuck.open('late')
    expect(await asked).toEqual({ value: 'late' })
    expect(performed).toEqual(['one', 'two'])
    expect(await recorded()).toEqual({ '/do/0/one': 1 })
    expect(await core.unfinished.end(1, '/do/1/two', never)).toBeUndefined()
  })

  test('has an effect that takes long interrupted, once it has been taken up anew', async () => {
    settings.aheadMs = 1000
    await created(three)
    const interrupted = new Promise<void>((resolve) => (whenAborted = resolve))
    effects.two = () => hang()
    await out()
    await takeUp(core, 1)
    await interrupted
    expect(await core.unfinished.end(1, '/do/1/two', never)).toBeUndefined()
  })

  test('has its place as long as its effect goes on, and gives it back', async () => {
    const end = await outWithUnfinished()
    expect(core.limiter.running).toBe(1)
    await end()
    await expect.poll(() => core.limiter.running).toBe(0)
  })

  test('tells an effect that takes long that its result is recorded, as somebody else records it', async () => {
    const end = await outWithUnfinished()
    expect(recordedKeys).toEqual([])
    await end()
    expect(recordedKeys).toEqual(['/do/0/one'])
  })

  test('is loaded as it stands where somebody waits to tell it something', async () => {
    await created(three)
    const { loaded } = await outcomeOf(out(false))
    expect([loaded?.batch, performed]).toEqual([0, []])
  })

  test('begins anew where another workflow has taken it up meanwhile', async () => {
    await created(three)
    effects.two = async () => {
      await takeUp(core, 1)
      return 2
    }
    expect(await out()).toEqual({ is: 'lost' })
    expect(await recorded()).toEqual({ '/do/0/one': 1 })
  })

  test.each(['while the process ends', 'with each effect an activity by itself'])(
    'is loaded as it stands %s',
    async (when) => {
      if (when === 'while the process ends') core.ending.begin(60_000)
      else settings.aheadMs = 0
      await created(three)
      const { loaded } = await outcomeOf(out())
      core.ending.over()
      expect(loaded?.items.map(({ type }) => type)).toEqual(['start'])
      expect(performed).toEqual([])
    },
  )

  test('is nothing where it is gone', async () => {
    expect(await out()).toEqual({ is: 'gone' })
  })
})

let whenAborted: () => void
let folder: string
let database: Database
let core: Cluster
let effects: { [name: string]: (input: Json) => Json | Promise<Json> }
let performed: string[]
let keys: string[]
/** Of effects that were told that their result is recorded. */
let recordedKeys: string[]
let told: number
let settings: { aheadMs: number }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-ahead-'))
  database = await openDatabase({ folder })
  effects = {}
  performed = []
  keys = []
  recordedKeys = []
  told = 0
  whenAborted = () => {}
  settings = { ...defaultTemporalSettings, aheadMs: 60_000 }
  core = await cluster()
})
afterEach(async () => {
  core.timers.stop()
  core.unfinished.close(new Error('The test is over.'))
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

const never = new AbortController().signal

function ahead(over: HandedOver, signal = never) {
  return goAhead(core, over, signal)
}

function out(carriesOn = true) {
  return setOut(core, 1, carriesOn, never)
}

/** With its first effect under way; gives how that is ended, for whoever asks for it. */
async function outWithUnfinished(): Promise<() => Promise<void>> {
  settings.aheadMs = 300
  await created(three)
  const stuck = gate()
  effects.one = stuck.effect
  await out()
  return async () => {
    const asked = core.unfinished.end(1, '/do/0/one', never)
    stuck.open(1)
    await asked
  }
}

async function outcomeOf(out: Promise<SetOut>) {
  const { is, loaded } = (await out) as { is: string; loaded?: Loaded }
  return { is, loaded }
}

/** A run that some workflow has taken up, at its first effect. */
async function begun(body: string): Promise<HandedOver> {
  await created(body)
  return { place: { run: 1, epoch: await takeUp(core, 1) }, batches: [], rows: 1 }
}

async function created(body: string): Promise<void> {
  const { pinned, statements } = core.definitions.pin(define(body))
  core.definitions.remember(pinned)
  await new Promise<void>((durable, refused) => {
    core.runs.create(pinned, { input: null, statements, durable, refused }).catch(refused)
  })
}

/** How many results are recorded, by their effects. */
async function recorded(): Promise<{ [key: string]: number }> {
  const items = await core.records.journal(...(await rowAndSealer()))
  const found: { [key: string]: number } = {}
  for (const item of items) if (item.type === 'result') found[item.key] = (found[item.key] ?? 0) + 1
  return found
}

async function rowAndSealer() {
  const row = await core.records.row(1)
  if (!row) throw new Error('There is no run.')
  return [row, await core.records.sealer(row)] as const
}

async function outcome() {
  const [row] = await rowAndSealer()
  expect((await openHistory(database).runs({})).runs.map(({ status }) => status)).toEqual([row.status])
  return core.records.outcome(row)
}

const perform: ActivityRunner = async (request: ActivityRequest) => {
  const { input, kind, key, idempotencyKey, signal } = request
  const endpoint = isObject(input) && isObject(input.endpoint) ? String(input.endpoint.uri) : kind
  const name = endpoint.split('/').at(-1) ?? kind
  performed.push(name)
  keys.push(idempotencyKey)
  signal.throwIfAborted()
  signal.addEventListener('abort', () => whenAborted())
  const value = effects[name] ? await effects[name](null) : name
  request.whenRecorded?.(() => recordedKeys.push(key))
  return value
}

function hang(begun = () => {}): Promise<never> {
  begun()
  return new Promise(() => {})
}

function gate() {
  let reach = () => {}
  let open: (value: Json) => void = () => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const opened = new Promise<Json>((resolve) => (open = resolve))
  const effect = () => {
    reach()
    return opened
  }
  return { effect, reached, open: (value: Json) => open(value) }
}

/** What goes ahead asks of an engine; Temporal is not asked anything. */
async function cluster(): Promise<Cluster> {
  const log = () => {}
  const commits = new GroupCommit(database, { journal: 0, inbox: 0 }, log, 'database')
  const secrets = async () => ({})
  const made: Partial<Cluster> = {
    database,
    settings: settings as Cluster['settings'],
    clock: systemClock,
    log,
    runtime: { name: 'sluse', version: '', metadata: {} },
    secrets,
    timers: new Timers(systemClock),
    commits,
    definitions: new Definitions(database),
    records: new RunRecords(database, secrets),
    activities: perform,
    inbox: new Inbox(database, commits, systemClock, defaultTemporalSettings, () => {}),
    libraries: await libraries(),
    underWay: { began: () => () => {} } as unknown as Cluster['underWay'],
    ending: new Ending(),
    limiter: new Limiter(100),
    unfinished: new UnfinishedEffects(database, 'test'),
    searchAttributes: { known: false } as unknown as Cluster['searchAttributes'],
    ask: () => new Promise(() => {}),
    notify: () => void told++,
  }
  const whole = made as Cluster
  Object.assign(whole, { runs: new ClusterRuns(() => whole) })
  return whole
}
