import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { openTemporalEngine, type ActivityRunner, type TemporalEngine } from '../../src/engines/index.ts'
import { GroupCommit } from '../../src/engines/records/group-commit.ts'
import type { Records } from '../../src/engines/records/records.ts'
import { Retention } from '../../src/engines/records/retention.ts'
import { defaultEngineSettings } from '../../src/engines/records/settings.ts'
import { testEvent } from '../../src/engines/testing/embedded-engine.ts'
import { define } from '../../src/engines/testing/engine-suite.ts'
import { fault, type Json } from '../../src/workflow/index.ts'
import type { Installation } from './upgrades.ts'

/** What is larger than Temporal takes: 2 MB in a payload, 4 MB in a message. */
export function largePayloadsSuite(installation: () => Installation): void {
  describe('what is large', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluse-large-'))
    let database: Database
    let engine: TemporalEngine
    /** Digests by key of the last run's effects: what each was given, and what it gave. */
    const took: { [key: string]: string } = {}
    const gave: { [key: string]: string } = {}

    const activities: ActivityRunner = async ({ key, input }) => {
      const { size, of, fails } = (input as { body: { size: number; of: Json; fails?: boolean } }).body
      const given = text(size)
      if (fails) throw fault('communication', given)
      took[key] = digestOf(of)
      gave[key] = digestOf(given)
      return given
    }

    const [taskQueue, key] = [`large-${randomUUID()}`, randomBytes(32)]
    const open = () => {
      const { server, bundle } = installation()
      return openTemporalEngine({
        ...{ database, bundle, activities, key, pins: false },
        server: { ...server, taskQueue },
      })
    }
    beforeAll(async () => {
      const url = await installation().newDatabase()
      database = await openDatabase({ folder, url, exclusive: false })
      engine = await open()
    })
    afterAll(async () => {
      await engine?.close(0)
      await database?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const run = async (body: string, input: Json = null) => {
      for (const digests of [took, gave]) for (const key of Object.keys(digests)) delete digests[key]
      const { id } = await engine.start({ definition: define(body), input })
      return engine.outcome(id)
    }

    test('an input and results pass through, one after the other', async () => {
      const input = text(3e6)
      const outcome = await run(
        `do: [ ${call('a', 1.9e6)}, ${call('b', 2.8e6)}, ${call('c', 5.5e6)}, ${call('d', 10)} ]`,
        input,
      )
      expect(outputOf(outcome)).toBe(gave['/do/3/d'])
      expect(took).toEqual({
        '/do/0/a': digestOf(input),
        '/do/1/b': gave['/do/0/a'],
        '/do/2/c': gave['/do/1/b'],
        '/do/3/d': gave['/do/2/c'],
      })
    })

    test('results of effects at the same time pass through', async () => {
      const input = text(2.8e6)
      const branches = [call('a', 2.8e6), call('b', 1.9e6)]
      const outcome = await run(
        `do: [ { all: { fork: { branches: [ ${branches.join(', ')} ] } } }, ${call('last', 10)} ]`,
        input,
      )
      expect(outcome.status).toBe('completed')
      expect(Object.values(took).slice(0, 2)).toEqual([digestOf(input), digestOf(input)])
    })

    test('many that are each too small to be kept elsewhere pass through at the same time', async () => {
      const outcome = await run(
        `
do:
  - all:
      for: { in: '\${ [range(70)] }', each: n }
      metadata: { concurrency: 70 }
      do: [ { one: { call: http, with: { method: get, endpoint: http://effect/x, body: { size: 80000, of: '\${ $workflow.input }' } } } } ]
  - end: { set: { ended: true } }`,
        text(80_000),
      )
      expect(outcome).toEqual({ status: 'completed', output: { ended: true } })
      expect(Object.keys(took)).toHaveLength(70)
    })

    test('as much as a result may have passes through; more is a fault that says so', async () => {
      const most = await run(`do: [ ${call('most', 9.9e6)} ]`)
      expect(outputOf(most)).toBe(gave['/do/0/most'])
      const outcome = await run(`do: [ ${call('more', 10.1e6)} ]`)
      expect(outcome).toMatchObject({
        status: 'faulted',
        error: { detail: expect.stringMatching(/10100002 bytes.* at most 10000000 .*reference/) },
      })
    })

    test('faults, events and what children are given and give pass through', async () => {
      const faulted = await run(`do: [ ${call('fails', 3e6, 'fails: true')} ]`)
      expect(faulted).toMatchObject({
        status: 'faulted',
        error: { detail: expect.stringMatching(/^CLEARTEXT/) },
      })
      await engine.deploy([define(`do: [ ${call('inner', 3e6)} ]`, { name: 'below' })])
      const heard = run(`
do:
  - hear: { listen: { to: { one: { with: { type: large } } } } }
  - below: { run: { workflow: { namespace: test, name: below, version: 1.0.0, input: '\${ .[0] }' } } }
  - ${call('last', 10)}`)
      const data = text(3e6)
      await engine.publish([testEvent('large', data, { id: 'large' })])
      expect((await heard).status).toBe('completed')
      expect(took['/do/0/inner']).toBe(digestOf(data))
      expect(took['/do/2/last']).toBe(gave['/do/0/inner'])
    })

    test('is kept for Temporal as ciphertext, of its run, however often that was tried, and goes with it', async () => {
      const { id } = await engine.start({
        definition: define(`do: [ ${call('again', 3e6)} ]`),
        input: text(3e6),
      })
      await engine.close(0)
      engine = await open()
      expect((await engine.outcome(id)).status).toBe('completed')
      const rows = await database.query<{ run: string; data: string }>('SELECT run, data FROM payloads')
      expect(rows.length).toBeGreaterThan(10)
      const stored = rows.map(({ data }) =>
        Buffer.from((JSON.parse(data) as { data: string }).data, 'base64'),
      )
      expect(stored.filter((bytes) => bytes.includes('CLEARTEXT'))).toEqual([])
      const runs = await database.query<{ id: string }>('SELECT id FROM runs')
      const known = new Set(runs.map(({ id }) => id))
      expect(rows.filter(({ run }) => !known.has(run)).map(({ run }) => run)).toEqual([])
      await removeAll(database)
      expect(await database.query('SELECT id FROM runs UNION ALL SELECT id FROM payloads')).toEqual([])
    })
  })
}

const call = (name: string, size: number, more = '') =>
  `{ ${name}: { call: http, with: { method: get, endpoint: http://effect/x, body: { size: ${size}, of: '\${ . }', ${more} } } } }`

/** What retention does when all has been kept long enough. */
async function removeAll(database: Database): Promise<void> {
  const log = () => {}
  const commits = new GroupCommit(database, { journal: 0, inbox: 0 }, log, 'database')
  let due = () => {}
  const timers = {
    set: (_: number, wake: () => void) => {
      due = wake
      return () => {}
    },
  }
  const clock = { now: () => Date.now() + 86_400_000 }
  const settings = { ...defaultEngineSettings, runRetentionDays: 0, inboxRetention: 0 }
  const core = { database, commits, timers, clock, settings, log } as unknown as Records
  const retention = new Retention(core, { settledTo: () => Infinity, marks: () => [] })
  retention.open()
  due()
  const runs = () => database.query('SELECT id FROM runs LIMIT 1')
  await vi.waitFor(async () => expect(await runs()).toEqual([]), { timeout: 30_000, interval: 50 })
  retention.stop()
  commits.stop()
}

/** Of so many characters, and nearly as many bytes when it is compressed. */
function text(size: number): string {
  return `CLEARTEXT${randomBytes(size).toString('base64')}`.slice(0, size)
}

function digestOf(value: Json): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

function outputOf(outcome: { status: string; output?: Json }): string | undefined {
  return outcome.status === 'completed'
    ? digestOf(outcome.output ?? null)
    : JSON.stringify(outcome).slice(0, 500)
}
