import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../src/database/index.ts'
import { openTemporalEngine } from '../../src/engines/index.ts'
import { fromColumns, selectRun } from '../../src/engines/run/run-row.ts'
import { openTestEngine } from '../../src/engines/testing/embedded-engine.ts'
import { define } from '../../src/engines/testing/engine-suite.ts'
import { workflowBundle } from '../../src/engines/testing/workflow-bundle.ts'
import type { Workflow } from '../../src/workflow/definition/index.ts'
import { startTemporal, type TemporalServer } from '../servers/temporal/index.ts'
import { cases } from './cases.ts'
import { Recording, secrets, until } from './recording.ts'
import {
  forgetNext,
  storedKey,
  temporalKinds,
  writeCase,
  type StoredHistory,
  type StoredJournal,
} from './stored.ts'

// `npm run histories:record`: each case once on either engine, and what that engine keeps of it into `recorded/next`.

const runtime = { name: 'sluse', version: 'next', metadata: {} }

describe('journals', () => {
  beforeAll(() => forgetNext('journals'))

  for (const { name, definitions, drive } of cases)
    test(name, async () => {
      const recording = new Recording()
      const given = { activities: recording.perform, secrets: async () => secrets, runtime }
      const { engine, database, close } = await openTestEngine(given, ...definitions)
      recording.use(engine, database)
      await drive(recording)
      await until(
        async () => (await database.query('SELECT 1 FROM runs WHERE ended_at IS NULL')).length === 0,
      )
      writeCase('journals', name, await journalsIn(database))
      await close()
    })
})

async function journalsIn(database: Database): Promise<StoredJournal[]> {
  const runs = await database.query(`${selectRun} ORDER BY number`)
  return Promise.all(
    runs.map(fromColumns).map(async (run) => {
      const sql = 'SELECT data FROM journal WHERE run = ? ORDER BY seq'
      const journal = await database.query<{ data: string }>(sql, [run.number])
      const text = 'SELECT workflow FROM definitions WHERE digest = ?'
      const [definition] = await database.query<{ workflow: string }>(text, [run.digest])
      const workflow = JSON.parse(definition?.workflow ?? '') as Workflow
      return { run, workflow, journal: journal.map(({ data }) => data) }
    }),
  )
}

describe('histories of Temporal', () => {
  let temporal: TemporalServer
  let client: Client
  beforeAll(async () => {
    for (const kind of temporalKinds) forgetNext(kind)
    // So that a case need not be long for its run to begin anew.
    temporal = await startTemporal({ 'limit.historyCount.suggestContinueAsNew': 60 })
    const { address, namespace } = temporal
    client = new Client({ connection: await Connection.connect({ address }), namespace })
  })
  afterAll(async () => {
    await client?.connection.close()
    await temporal?.stop()
  })

  for (const [kind, { name, definitions, drive }] of temporalKinds.flatMap((kind) =>
    cases.map((one) => [kind, one] as const),
  ))
    test(`${kind}: ${name}`, async () => {
      const isSingle = kind === 'temporal-single'
      const recording = new Recording()
      const { address, namespace } = temporal
      const folder = mkdtempSync(join(tmpdir(), 'sluse-histories-'))
      const database = await openDatabase({ folder })
      const taskQueue = `histories-${randomUUID()}`
      const engine = await openTemporalEngine({
        ...{ database, activities: recording.perform, secrets: async () => secrets, runtime, key: storedKey },
        server: { address, namespace, taskQueue },
        bundle: workflowBundle(),
        settings: { maxPayloadBytes: 2_000_000, ...(isSingle && { aheadMs: 0 }) },
      })
      await engine.deploy(definitions.map((body) => define(body)))
      recording.use(engine, database)
      await drive(recording)
      const histories = await historiesOf(client, taskQueue)
      await engine.close(0)
      await database.close()
      rmSync(folder, { recursive: true, force: true })
      const times = histories.filter(({ workflowId }) => workflowId === histories[0]?.workflowId).length
      if (name === 'long' && isSingle) expect(times).toBeGreaterThan(1)
      writeCase(kind, name, histories)
    })
})

/** Of all that has run on the task queue, once it has ended and Temporal lists it so. */
async function historiesOf(client: Client, taskQueue: string): Promise<StoredHistory[]> {
  const list = async (query: string) => {
    const found: { workflowId: string; runId: string; startTime: Date }[] = []
    for await (const one of client.workflow.list({ query: `TaskQueue = '${taskQueue}'${query}` }))
      found.push(one)
    return found.sort((a, b) => +a.startTime - +b.startTime)
  }
  await until(async () => {
    const running = await list(` AND ExecutionStatus = 'Running'`)
    return running.length === 0 && (await list('')).length > 0
  })
  const all = await list('')
  return Promise.all(
    all.map(async ({ workflowId, runId }) => {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
      const text = historyToJSON(history).replaceAll(`@${hostname()}`, '@recorded')
      return { workflowId, history: JSON.parse(text, withoutPlace) as unknown }
    }),
  )
}

/** On which machine it was recorded is nobody's business. */
function withoutPlace(name: string, value: unknown): unknown {
  return name === 'identity' ? 'recorded' : value
}
