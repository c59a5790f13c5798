// One life of an engine, to be killed at any moment. Usage: driver.mjs <folder> <runs>
// Starts what is not started, publishes what is not acknowledged, and prints what came of it once all is at rest.
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
const history = openHistory(database)
const recorded = await recordedEffects()

const engine = await openEmbeddedEngine({
  database,
  activities: async ({ kind, input, runId, key, idempotencyKey, signal }) => {
    if (kind !== 'http') throw new Error(`no such activity here: ${kind}`)
    if (recorded.has(`${runId} ${key}`)) log('again.log', `${runId} ${key}`)
    const { flaky = 0, value } = input.body
    if (!(value < 0)) log('effects.log', idempotencyKey)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 15))
    signal.throwIfAborted()
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
console.log(JSON.stringify({ outcomes, ...(await rest()) }))
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

/**
 * An acknowledged event is handled soon, but its sender goes on before that: when all main runs have ended, the last
 * events may not even have been looked at. They are looked at in order. So one more event is published; once that has
 * had its run, and nothing is under way, all is at rest. What does not come to rest in a minute is told as stuck.
 */
async function rest() {
  const last = -Date.now()
  const event = {
    specversion: '1.0',
    id: `last${last}`,
    source: '/crash',
    type: 'crash.count',
    data: { n: last },
  }
  await engine.publish([event])
  let stuck = []
  let counted = []
  for (let tries = 600; tries > 0; tries--) {
    stuck = await idsOf({ status: ['pending', 'running', 'waiting', 'suspended'] })
    if (stuck.length === 0) {
      const ended = await Promise.all((await idsOf({ name: 'counter' })).map((id) => engine.outcome(id)))
      counted = ended.map(({ output }) => output)
      if (counted.includes(last)) break
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { stuck, counted: counted.filter((n) => n >= 0).sort((one, other) => one - other) }
}

async function idsOf(query) {
  const ids = []
  for (let cursor; ;) {
    const page = await history.runs({ ...query, limit: 500, ...(cursor && { cursor }) })
    ids.push(...page.runs.map(({ id }) => id))
    if (page.next === undefined) return ids
    cursor = page.next
  }
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
