/**
 * Runs on Temporal, beside a bare Temporal workflow of the same effects: a real Temporal server and its PostgreSQL, which
 * holds our records as well, and 1, 2 and 4 workers, each a process of its own. Everything shares this machine's cores,
 * so that a figure is worth something beside the others of its line only. The rounds take turns.
 */
import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import pg from 'pg'
import { openDatabase } from '../src/database/index.ts'
import { openTemporalEngine, type TemporalEngine } from '../src/engines/index.ts'
import { workflowBundle } from '../src/engines/testing/workflow-bundle.ts'
import { load, type Definition } from '../src/workflow/definition/index.ts'
import { hasTemporal, startTemporal, type TemporalServer } from '../test/servers/temporal/index.ts'
import { timeByProgram } from './processor-time.ts'
import { keyOfBench, type Job } from './temporal-job.ts'

const kinds = ['bare', 'single', 'ahead'] as const
type Kind = (typeof kinds)[number]

const sizes = (process.env.SLUSE_BENCH_STEPS ?? '10,50').split(',').map(Number)
/** Of each round, in all its runs. */
const stepsInAll = 600
const atOnce = 20
const rounds = Number(process.env.SLUSE_BENCH_ROUNDS ?? 3)
const workers = (process.env.SLUSE_BENCH_WORKERS ?? '1,2,4').split(',').map(Number)

export async function run(): Promise<void> {
  if (!hasTemporal())
    return console.log('Left out: the Temporal server is not built (scripts/install-test-servers.sh).')
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-temporal-'))
  const temporal = await startTemporal()
  try {
    await measure(temporal, folder)
  } finally {
    await temporal.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(temporal: TemporalServer, folder: string): Promise<void> {
  const url = await makeDatabase(temporal)
  const bundles = { bare: join(folder, 'bare.js'), sluse: join(folder, 'sluse.js') }
  execFileSync(process.execPath, ['scripts/bundle-workflows.mjs', 'bench/temporal-bare.ts', bundles.bare])
  writeFileSync(bundles.sluse, workflowBundle())
  const { address, namespace } = temporal
  const jobOf = (what: Kind): Job => ({
    ...{ what, address, namespace, url, taskQueue: `bench-${what}` },
    bundle: what === 'bare' ? bundles.bare : bundles.sluse,
  })
  const database = await openDatabase({ folder, url, exclusive: false })
  const connection = await Connection.connect({ address })
  const client = new Client({ connection, namespace })
  const engines = new Map<Kind, TemporalEngine>()
  for (const kind of kinds.filter((one) => one !== 'bare')) {
    const server = { address, namespace, taskQueue: `bench-${kind}` }
    engines.set(
      kind,
      await openTemporalEngine({ database, server, role: 'api', key: keyOfBench, activities }),
    )
  }
  const once = async (kind: Kind, steps: number): Promise<void> => {
    const engine = engines.get(kind)
    if (!engine) {
      const workflowId = `bare-${++numbered}`
      await client.workflow.execute('bare', { taskQueue: 'bench-bare', workflowId, args: [steps] })
      return
    }
    const { id } = await engine.start({ definition: ofSteps(steps), input: { n: 0 } })
    const outcome = await engine.outcome(id)
    if (outcome.status !== 'completed') throw new Error(`A run failed: ${JSON.stringify(outcome)}`)
  }

  for (const steps of sizes) {
    const runs = Math.round(stepsInAll / steps)
    console.log(`${runs} runs of ${steps} steps, ${atOnce} at a time; median of ${rounds} rounds\n`)
    console.log('                                            load   ms of processor a step')
    console.log('workers  what      runs/s   steps/s   of bare       workers  API  Temporal  PostgreSQL')
    for (const count of workers) {
      const taken = new Map<Kind, Taken[]>(kinds.map((kind) => [kind, []]))
      for (let round = 0; round < rounds; round++) {
        for (const kind of kinds) {
          const children = await Promise.all(Array.from({ length: count }, () => begin(jobOf(kind))))
          await many(atOnce, () => once(kind, steps))
          taken.get(kind)?.push(await timed(runs * steps, () => many(runs, () => once(kind, steps))))
          await Promise.all(children.map(end))
        }
      }
      const bare = median(taken.get('bare'))
      for (const kind of kinds) print(count, kind, steps, median(taken.get(kind)), bare)
    }
    console.log('')
  }
  for (const engine of engines.values()) await engine.close(0)
  await connection.close()
  await database.close()
}

let numbered = 0

async function makeDatabase({ postgres }: TemporalServer): Promise<string> {
  const { user, password, host, port } = postgres
  const urlOf = (name: string) => `postgres://${user}:${password}@${host}:${port}/${name}?sslmode=disable`
  const client = new pg.Client({ connectionString: urlOf('postgres') })
  await client.connect()
  await client.query('CREATE DATABASE sluse')
  await client.end()
  return urlOf('sluse')
}

const activities = () => Promise.reject(new Error('An API server carries nothing out.'))

const known = new Map<number, Definition>()

function ofSteps(steps: number): Definition {
  const definition = known.get(steps) ?? loaded(textOf(steps))
  known.set(steps, definition)
  return definition
}

const textOf = (steps: number) => `
document: { dsl: '1.0.3', namespace: bench, name: steps-${steps}, version: '1.0.0' }
do:
${Array.from({ length: steps }, (_, index) => `  - step${index}: { call: http, with: { method: post, endpoint: http://bench.example, body: '\${ . }' } }`).join('\n')}
`

function loaded(text: string): Definition {
  const { definition, findings } = load(text)
  if (!definition) throw new Error(findings.map((it) => it.message).join('\n'))
  return definition
}

/** So many runs, some at a time. */
async function many(total: number, once: () => Promise<void>): Promise<void> {
  let begun = 0
  const line = async () => {
    while (begun++ < total) await once()
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, total) }, line))
}

async function begin(job: Job): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./temporal-worker.js', import.meta.url))
  const child = fork(file, [JSON.stringify(job)])
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', () => reject(new Error('A worker did not start.')))
  })
  return child
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.disconnect()
  await ended
}

interface Taken {
  readonly seconds: number
  readonly steps: number
  /** Milliseconds of processor time a step, by program. */
  readonly used: ReadonlyMap<string, number>
}

const api = 'API'

async function timed(steps: number, work: () => Promise<void>): Promise<Taken> {
  const before = new Map([...timeByProgram(), [api, cpu()]])
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  const after = [...timeByProgram(), [api, cpu()] as const]
  const perStep = after.map(([name, ms]) => [name, (ms - (before.get(name) ?? 0)) / steps] as const)
  return { seconds, steps, used: new Map(perStep) }
}

function cpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function median(values: readonly Taken[] = []): Taken {
  const sorted = [...values].sort((a, b) => a.seconds - b.seconds)
  return sorted[values.length >> 1] ?? { seconds: NaN, steps: 0, used: new Map() }
}

function print(count: number, kind: Kind, size: number, taken: Taken, bare: Taken): void {
  const { seconds, steps, used } = taken
  const cells = [
    String(count).padEnd(8),
    kind.padEnd(8),
    (steps / size / seconds).toFixed(1).padStart(7),
    (steps / seconds).toFixed(0).padStart(9),
    (bare.seconds / seconds).toFixed(2).padStart(9),
    (loadavg()[0] ?? 0).toFixed(1).padStart(6),
    ...['node', api, 'temporal-server', 'postgres'].map((name) =>
      (used.get(name) ?? 0).toFixed(1).padStart(7),
    ),
  ]
  console.log(cells.join(' '))
}
