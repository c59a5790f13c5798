// One life of an engine, to be killed at any moment. Usage: driver.mjs <folder> <runs>
// Starts what is not started, publishes what is not acknowledged, and prints the outcomes once all runs have ended.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../dist/database/index.js'
import { openEmbeddedEngine } from '../../dist/engines/index.js'
import { decodeRow, openHistory } from '../../dist/history/index.js'
import { load } from '../../dist/workflow/definition/index.js'
import { WorkflowFault } from '../../dist/workflow/index.js'

const [folder, count] = [process.argv[2], Number(process.argv[3])]
const log = (file, line) => appendFileSync(join(folder, file), `${line}\n`)
const lines = (file) =>
  existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean) : []

const definitions = ['main', 'child', 'counter'].map((name) => {
  const { definition, findings } = load(readFileSync(new URL(`${name}.yaml`, import.meta.url), 'utf8'))
  if (!definition) throw new Error(JSON.stringify(findings))
  return definition
})

const database = await openDatabase({ folder: join(folder, 'data') })
const recorded = await recordedEffects()

const engine = await openEmbeddedEngine({
  database,
  activities: async ({ kind, input, runId, key, idempotencyKey, signal }) => {
    if (kind !== 'http') throw new Error(`no such activity here: ${kind}`)
    if (recorded.has(`${runId} ${key}`)) log('again.log', `${runId} ${key}`)
    log('effects.log', idempotencyKey)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 15))
    signal.throwIfAborted()
    const { flaky = 0, value } = input.body
    const attempt = Number(/try\[(\d+)\]/.exec(key)?.[1] ?? 0)
    if (attempt < flaky)
      throw new WorkflowFault({
        type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication',
        status: 503,
      })
    return value
  },
})

await engine.deploy(definitions)
const acknowledged = new Set(lines('acknowledged.log'))
const work = []
for (let n = 0; n < count; n++) work.push(live(n))
const outcomes = await Promise.all(work)

const history = openHistory(database)
let counted = 0
for (let page = await history.runs({ name: 'counter', limit: 500 }); ;) {
  for (const run of page.runs) {
    if (run.status !== 'completed') await engine.outcome(run.id)
    counted += 1
  }
  if (page.next === undefined) break
  page = await history.runs({ name: 'counter', limit: 500, cursor: page.next })
}
const stuck = await history.runs({ status: ['pending', 'running', 'waiting', 'suspended'] })
console.log(JSON.stringify({ outcomes, counted, stuck: stuck.runs.map((run) => run.id) }))
await engine.close()
await database.close()

/** Starts run `n` and publishes its events, once each however often this process is killed. */
async function live(n) {
  const reference = { namespace: 'crash', name: 'main', version: '1.0.0' }
  const { id } = await engine.start({ definition: reference, input: { n }, idempotencyKey: `run-${n}` })
  for (const type of ['crash.go', 'crash.count']) {
    const event = {
      specversion: '1.0',
      id: `${type}-${n}`,
      source: '/crash',
      type,
      subject: String(n),
      data: { n },
    }
    if (acknowledged.has(event.id)) continue
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 800))
    await engine.publish([event])
    log('acknowledged.log', event.id)
  }
  return engine.outcome(id)
}

/** The effects whose result stands in the journal as this life begins. */
async function recordedEffects() {
  const keys = new Set()
  const rows = await database.query(
    'SELECT runs.id AS id, data FROM journal JOIN runs ON runs.number = journal.run',
  )
  for (const { id, data } of rows) {
    for (const item of decodeRow(data)) {
      if (item.type === 'result' || item.type === 'fault') keys.add(`${id} ${item.key}`)
    }
  }
  return keys
}
