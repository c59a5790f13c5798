import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { openTemporalEngine, type ActivityRunner, type TemporalEngine } from '../../src/engines/index.ts'
import { databaseMembers, Member } from '../../src/members/index.ts'
import { openTransfers, type Transfers } from '../../src/transfer/index.ts'
import { MemorySystem } from '../../src/transfer/testing/memory-connector.ts'
import {
  filesIn,
  testConnections,
  type TestTransfersOptions,
  type TransfersUnderTest,
} from '../../src/transfer/testing/open-test-transfers.ts'
import { transferSuite } from '../../src/transfer/testing/transfer-suite.ts'
import { load } from '../../src/workflow/definition/index.ts'
import { isObject, type Json } from '../../src/workflow/index.ts'
import type { Installation } from './upgrades.ts'

/** Transfers of runs that Temporal carries out: an API server, and two workers on one database. */
export function transfersOnTemporal(installation: () => Installation): void {
  describe('transfers, by two workers', () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await Cluster.open(installation())
    })
    afterAll(() => cluster?.close())

    transferSuite((options) => cluster.begin(options))

    /** A run with a transfer to a target that takes nothing yet, and has begun with it. */
    async function held(): Promise<{
      under: UnderTest
      system: MemorySystem
      letThrough: () => void
      id: string
    }> {
      const system = new MemorySystem()
      system.batches = Array.from({ length: 20 }, (_, id) => [{ id }])
      let letThrough = () => {}
      const gate = new Promise<void>((resolve) => (letThrough = resolve))
      let begun = () => {}
      const beginning = new Promise<void>((resolve) => (begun = resolve))
      system.before = async (what) => {
        if (what !== 'write') return
        begun()
        await gate
      }
      const under = await cluster.begin({ connectors: [system.connector('test.system')] })
      const to = [{ connection: 'system', mode: 'upsert', key: ['id'] }]
      const id = await under.start({ from: { connection: 'system' }, to })
      await beginning
      return { under, system, letThrough, id }
    }

    test('a run that is cancelled takes its transfer from all who have a job of it', async () => {
      const { under, letThrough, id } = await held()
      await cluster.engine.cancel(id)
      expect(await cluster.engine.outcome(id)).toEqual({ status: 'cancelled' })
      const jobs = "SELECT * FROM transfer_jobs WHERE job <> 'lead'"
      while ((await cluster.database.query(jobs)).length > 0)
        await new Promise((resolve) => setTimeout(resolve, 20))
      letThrough()
      await under.close()
      const targets = await cluster.database.query('SELECT delivered FROM transfer_targets')
      expect(targets).toEqual([{ delivered: 0 }])
    })

    test('a worker that stops in the middle gives back what it has, and the other ends it', async () => {
      const { under, system, letThrough, id } = await held()
      const [{ process = '' } = {}] = await cluster.database.query<{ process: string }>(
        "SELECT process FROM transfer_jobs WHERE job = 'deliver:0'",
      )
      const stopping = cluster.stop(process)
      letThrough()
      await stopping
      expect(await cluster.engine.outcome(id)).toMatchObject({ status: 'completed' })
      expect([...system.byKey.values()]).toEqual(Array.from({ length: 20 }, (_, at) => ({ id: at })))
      await under.close()
    })
  })
}

interface UnderTest extends TransfersUnderTest {
  /** Starts a run with such a transfer. */
  start(given: object): Promise<string>
}

interface Process {
  readonly name: string
  readonly database: Database
  readonly member: Member
  readonly engine: TemporalEngine
  transfers?: Transfers
}

/** Processes that stay, and transfers that are opened anew for each test. */
class Cluster {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluse-transfers-'))
  readonly #processes: Process[] = []
  #tests = 0

  static async open(installation: Installation): Promise<Cluster> {
    const cluster = new Cluster()
    const url = await installation.newDatabase()
    const server = { ...installation.server, taskQueue: `test-${randomUUID()}` }
    const key = randomBytes(32)
    for (const name of ['api', 'first', 'second']) {
      const database = await openDatabase({ folder: join(cluster.#folder, name), url, exclusive: false })
      const activities: ActivityRunner = (request) => {
        const { transfers } = one
        if (!transfers) throw new Error('There are no transfers yet.')
        return transfers.perform(request)
      }
      const { bundle } = installation
      const role = name === 'api' ? 'api' : 'worker'
      const store = databaseMembers(database)
      const member = await Member.join({ store, role, version: '1', name })
      const engine = await openTemporalEngine({ database, member, activities, server, key, bundle, role })
      const one: Process = { name, database, member, engine }
      cluster.#processes.push(one)
    }
    return cluster
  }

  get engine(): TemporalEngine {
    return this.#api.engine
  }

  get database(): Database {
    return this.#api.database
  }

  get #api(): Process {
    const [first] = this.#processes
    if (!first) throw new Error('There is no process.')
    return first
  }

  async begin({ connectors = [], random = () => 0 }: TestTransfersOptions): Promise<UnderTest> {
    const test = `t${++this.#tests}`
    const folder = join(this.#folder, test)
    const files = join(folder, 'files')
    mkdirSync(files, { recursive: true })
    for (const table of ['dead_letters', 'transfer_targets', 'transfers', 'datasets'])
      await this.database.commit([{ sql: `DELETE FROM ${table}`, parameters: [] }])
    const own = typeof connectors === 'function' ? connectors(0) : connectors
    for (const one of this.#processes) {
      const dataFolder = join(folder, 'data')
      one.transfers = openTransfers({
        database: one.database,
        dataFolder,
        connections: testConnections(files, dataFolder, own),
        publish: async () => {},
        log: () => {},
        random,
        sharing: { takes: one !== this.#api, member: one.member },
      })
      await one.transfers.start()
    }
    const { engine } = this
    const start = async (given: object, key?: string) => {
      const task = { move: { call: 'transfer:1.0.0@default', with: given } }
      const document = { dsl: '1.0.3', namespace: 'test', name: `move-${test}`, version: '1.0.0' }
      const { definition } = load(JSON.stringify({ document, do: [task] }))
      if (!definition) throw new Error('The definition is wrong.')
      return (
        await engine.start({ definition, ...(key !== undefined && { idempotencyKey: `${test} ${key}` }) })
      ).id
    }
    const stop = async () => {
      await Promise.all(this.#processes.map(({ transfers }) => transfers?.close()))
    }
    return {
      folder,
      transfers: this.#api.transfers as Transfers,
      start,
      run: async (given, { idempotencyKey = 'run' } = {}) => {
        const outcome = await engine.outcome(await start(given, idempotencyKey))
        if (outcome.status === 'completed') return isObject(outcome.output) ? outcome.output : {}
        throw Object.assign(new Error(outcome.status), {
          problem: outcome.status === 'faulted' ? (outcome.error as unknown as Json) : null,
        })
      },
      ...filesIn(files),
      stop,
      close: async () => {
        await stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }

  /** As SIGTERM does. */
  async stop(name: string): Promise<void> {
    const one = this.#processes.find((each) => each.name === name)
    await one?.transfers?.close()
    await one?.engine.close(10_000)
  }

  async close(): Promise<void> {
    for (const { engine, database, member } of this.#processes) {
      await engine.close(0)
      await member.leave()
      await database.close()
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
