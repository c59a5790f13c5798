/**
 * The embedded engine beside a floor measured in the same run: raw inserts into SQLite, in groups that share an
 * fsync, on the same disk. A durable step is a task whose result stands on disk before the next one begins.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import Sqlite from 'libsql'
import { openDatabase, type Database } from '../src/database/index.ts'
import { openEmbeddedEngine, type EmbeddedEngine } from '../src/engines/index.ts'
import { openHistory, type RunQuery, type RunStatus } from '../src/history/index.ts'
import { load, type Definition } from '../src/workflow/definition/index.ts'

const atOnce = 200
const steps = 5

export async function run(): Promise<void> {
  await durableSteps()
  await singleRun()
  await parkedRuns()
}

async function durableSteps(): Promise<void> {
  const total = 4000
  const floor = inFolder((folder) => {
    const { insert, commit, close } = rawTable(folder)
    const rows = total * steps
    const ms = timed(() => {
      for (let done = 0; done < rows; done += atOnce) {
        commit(() => {
          for (let index = 0; index < atOnce; index++) insert(index)
        })
      }
    })
    close()
    return rows / (ms / 1000)
  })
  const rate = await withEngine(async (engine) => {
    await batch(engine, atOnce, fiveSteps)
    const began = performance.now()
    await batch(engine, total, fiveSteps)
    return (total * steps) / ((performance.now() - began) / 1000)
  })
  row(
    'durable steps a second, 200 runs at a time',
    rate,
    'fsynced raw rows a second',
    await floor,
    rate / (await floor),
  )
}

async function singleRun(): Promise<void> {
  const rounds = 100
  const floor = await inFolder((folder) => {
    const { insert, commit, close } = rawTable(folder)
    const ms = timed(() => {
      for (let index = 0; index < rounds * steps; index++) commit(() => insert(index))
    })
    close()
    return ms / rounds
  })
  const { whole, first } = await withEngine(async (engine, firstStep) => {
    await batch(engine, 20, fiveSteps)
    const whole: number[] = []
    const first: number[] = []
    for (let index = 0; index < rounds; index++) {
      const began = performance.now()
      const step = firstStep()
      const { id } = await engine.start({ definition: fiveSteps })
      first.push((await step) - began)
      await engine.outcome(id)
      whole.push(performance.now() - began)
    }
    return { whole: median(whole), first: median(first) }
  })
  row('one run of 5 steps, ms', whole, '5 bare fsynced commits, ms', floor, whole / floor)
  row(
    'start of a run to its first step, ms',
    first,
    '1 bare fsynced commit, ms',
    floor / steps,
    (first * steps) / floor,
  )
}

async function parkedRuns(): Promise<void> {
  const count = 100_000
  await inFolder(async (folder) => {
    let database = await openDatabase({ folder })
    let engine = await open(database)
    await engine.deploy([waiting])
    const began = performance.now()
    for (let done = 0; done < count; done += 1000) {
      await Promise.all(
        Array.from({ length: 1000 }, (_, index) =>
          engine.start({ definition: waiting, input: { n: done + index } }),
        ),
      )
    }
    console.log(`100,000 runs that wait for an event, started and parked: ${seconds(began)}`)
    await engine.close()
    await database.close()
    const reopen = fileURLToPath(new URL('reopen.js', import.meta.url))
    const printed = execFileSync(process.execPath, [reopen, folder], { encoding: 'utf8' })
    const { ms, megabytes } = JSON.parse(printed) as { ms: number; megabytes: number }
    console.log(
      `restart with them: ${(ms / 1000).toFixed(2)} s and ${megabytes.toFixed(0)} MB resident (goal: 5 s, 300 MB)`,
    )

    database = await openDatabase({ folder })
    engine = await open(database)
    await listing(database)
    const wakes: number[] = []
    for (let n = 0; n < 50; n++) {
      const id = `wake-${n}`
      const { id: run } = await engine.start({ definition: waiting, input: { n: `x${n}` } })
      const woken = performance.now()
      await engine.publish([
        { specversion: '1.0', id, source: '/bench', type: 'bench.wake', subject: `x${n}` },
      ])
      await engine.outcome(run)
      wakes.push(performance.now() - woken)
    }
    console.log(
      `an event to the end of the run that it wakes, among them: median ${median(wakes).toFixed(2)} ms`,
    )
    await engine.close()
    await database.close()
  })
}

/** One page of the list of runs, as people ask for it. */
async function listing(database: Database): Promise<void> {
  const history = openHistory(database)
  const ended: RunStatus[] = ['completed', 'faulted', 'cancelled']
  for (const [what, query] of [
    ['newest', {}],
    ['those under way', { status: ['pending', 'running', 'waiting', 'suspended'] }],
    ['those that ended', { status: ended }],
    ['a text that none has', { text: 'nowhere' }],
  ] satisfies [string, RunQuery][]) {
    const times: number[] = []
    for (let round = 0; round < 20; round++) {
      const began = performance.now()
      await history.runs(query)
      times.push(performance.now() - began)
    }
    console.log(`a page of 50 among them, ${what}: median ${median(times).toFixed(2)} ms`)
  }
}

const fiveSteps = definition(`
document: { dsl: '1.0.3', namespace: bench, name: five-steps, version: '1.0.0' }
do:
${Array.from({ length: steps }, (_, index) => `  - step${index}: { call: http, with: { method: post, endpoint: http://bench.example } }`).join('\n')}
`)

const waiting = definition(`
document: { dsl: '1.0.3', namespace: bench, name: waiting, version: '1.0.0' }
do:
  - listen: { listen: { to: { one: { with: { type: bench.wake, subject: '\${ $workflow.input.n | tostring }' } } } } }
`)

async function batch(engine: EmbeddedEngine, total: number, definition: Definition): Promise<void> {
  let started = 0
  const worker = async (): Promise<void> => {
    while (started++ < total) {
      const { id } = await engine.start({ definition })
      await engine.outcome(id)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, total) }, worker))
}

async function withEngine<T>(
  work: (engine: EmbeddedEngine, firstStep: () => Promise<number>) => Promise<T>,
): Promise<T> {
  return inFolder(async (folder) => {
    let announce: ((at: number) => void) | undefined
    const database = await openDatabase({ folder })
    const engine = await open(database, () => {
      announce?.(performance.now())
      announce = undefined
    })
    await engine.deploy([fiveSteps])
    const result = await work(engine, () => new Promise((resolve) => (announce = resolve)))
    await engine.close()
    await database.close()
    return result
  })
}

function open(database: Database, onActivity?: () => void): Promise<EmbeddedEngine> {
  return openEmbeddedEngine({
    database,
    activities: async () => {
      onActivity?.()
      return { ok: true }
    },
    settings: { activityConcurrency: 1000 },
  })
}

function definition(text: string): Definition {
  const { definition, findings } = load(text)
  if (!definition) throw new Error(findings.map((it) => it.message).join('\n'))
  return definition
}

/** The floor: an append-only table as bare as it can be. */
function rawTable(folder: string) {
  const database = new Sqlite(join(folder, 'raw.db'))
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE journal (run integer, data text)')
  const statement = database.prepare('INSERT INTO journal VALUES (?, ?)')
  const data = JSON.stringify({
    key: '/do/0/step0',
    value: { ok: true },
    task: 'completed',
    at: 1_795_449_600_000,
  })
  return {
    insert: (run: number) => statement.run(run, data),
    commit: (work: () => void) => {
      database.exec('BEGIN IMMEDIATE')
      work()
      database.exec('COMMIT')
    },
    close: () => database.close(),
  }
}

async function inFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(process.env.SLUSE_BENCH_FOLDER ?? tmpdir(), 'sluse-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function timed(work: () => void): number {
  const began = performance.now()
  work()
  return performance.now() - began
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function row(what: string, value: number, floorName: string, floor: number, ratio: number): void {
  const shown = (number: number): string =>
    number >= 100 ? Math.round(number).toLocaleString('en') : number.toFixed(2)
  console.log(`${what}: ${shown(value)}; ${floorName}: ${shown(floor)}; ratio ${ratio.toFixed(2)}`)
}
