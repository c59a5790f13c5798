/**
 * Transfers by several workers, each a process of its own, over one PostgreSQL.
 *
 * One transfer to three slow targets by 1, 2 and 4 workers. A target
 * takes a while for each batch, as systems across a network do, and a worker delivers to one at a time, so that a target
 * more needs a worker more: how much of that is had is what is measured. And by one worker that may deliver to all, beside
 * a process that shares with nobody: what sharing costs.
 *
 * One transfer to one slow target, in any order, by 1, 2 and 4 workers: one delivers a batch at a time, several deliver parts of
 * it at the same time.
 *
 * One transfer through a function that does a batch at a time in each process, as one does that keeps its machine busy:
 * what is had of the others' machines, by 1, 2 and 4 workers. The rounds take turns.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { postgresBinaries, startPostgres } from '../test/servers/postgres/index.ts'
import { openOne, type Job } from './shared-parts.ts'

const records = Number(process.env.SLUSE_BENCH_RECORDS ?? 40_000)
const rounds = Number(process.env.SLUSE_BENCH_ROUNDS ?? 3)
const batchSize = 200
const pauseMs = 15
const targets = 3

const functionMs = 50
const functionBatch = 500

interface Way {
  readonly name: string
  readonly workers: number
  /** Of each worker; not given: it shares with nobody. */
  readonly jobs?: number
  readonly functionMs?: number
  /** One target, in any order, that takes so long for a batch. */
  readonly anyOrderMs?: number
}

const ways: readonly Way[] = [
  { name: 'alone, all targets', workers: 0 },
  { name: '1 worker, all targets', workers: 1, jobs: targets },
  { name: '1 worker, one target', workers: 1, jobs: 1 },
  { name: '2 workers, one target each', workers: 2, jobs: 1 },
  { name: '4 workers, one target each', workers: 4, jobs: 1 },
]

const anyOrderMs = 20
const toOne: readonly Way[] = [
  { name: 'alone', workers: 0, anyOrderMs },
  { name: '1 worker', workers: 1, jobs: 16, anyOrderMs },
  { name: '2 workers', workers: 2, jobs: 16, anyOrderMs },
  { name: '4 workers', workers: 4, jobs: 16, anyOrderMs },
]

const throughFunction: readonly Way[] = [
  { name: 'alone', workers: 0, functionMs },
  { name: '1 worker', workers: 1, jobs: 16, functionMs },
  { name: '2 workers', workers: 2, jobs: 16, functionMs },
  { name: '4 workers', workers: 4, jobs: 16, functionMs },
]

export async function run(): Promise<void> {
  if (!postgresBinaries()) return console.log('Left out: PostgreSQL is not installed.')
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-shared-'))
  const { stop, user, password, host, port, database } = await startPostgres()
  try {
    const url = `postgres://${user}:${password}@${host}:${port}/${database}?sslmode=disable`
    const where = { url, data: join(folder, 'data') }
    const toTargets = await measureAll(ways, where)
    const floor = (records / batchSize) * pauseMs
    console.log(
      `${records.toLocaleString('en')} records to ${targets} targets, ${pauseMs} ms a batch of ${batchSize}`,
    )
    console.log(`one target takes at least ${(floor / 1000).toFixed(1)} s; ${conditions()}\n`)
    print(ways, toTargets, '1 worker, one target')
    const anyOrder = await measureAll(toOne, where)
    const alone = ((4 * records) / batchSize) * anyOrderMs
    console.log(
      `\n${(4 * records).toLocaleString('en')} records to one target in any order, ${anyOrderMs} ms a batch of ${batchSize}`,
    )
    console.log(`one batch at a time takes at least ${(alone / 1000).toFixed(1)} s; ${conditions()}\n`)
    print(toOne, anyOrder, '1 worker', 4 * records)
    const steps = await measureAll(throughFunction, where)
    const least = (records / functionBatch) * functionMs
    console.log(
      `\n${records.toLocaleString('en')} records through a function, ${functionMs} ms a batch of ${functionBatch}, one at a time in each process`,
    )
    console.log(`one process takes at least ${(least / 1000).toFixed(1)} s; ${conditions()}\n`)
    print(throughFunction, steps, '1 worker')
  } finally {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds of each way: the median of the rounds. */
async function measureAll(
  all: readonly Way[],
  where: Pick<Job, 'url' | 'data'>,
): Promise<ReadonlyMap<string, number>> {
  const taken = all.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, way] of all.entries()) taken[index]?.push(await measure(way, where))
  }
  return new Map(all.map(({ name }, index) => [name, median(taken[index])]))
}

function conditions(): string {
  return `load ${loadavg()[0]?.toFixed(1)}; median of ${rounds}`
}

let numbered = 0

/** Milliseconds for one transfer. */
async function measure(
  { workers, jobs, functionMs, anyOrderMs }: Way,
  where: Pick<Job, 'url' | 'data'>,
): Promise<number> {
  const one = functionMs !== undefined || anyOrderMs !== undefined
  const job = (name: string, takes: boolean): Job => ({
    ...{ ...where, records, pauseMs, takes, name },
    ...(jobs !== undefined && { jobs }),
    ...(functionMs !== undefined && { functionMs, pauseMs: 0 }),
    // Long enough for parts of a second.
    ...(anyOrderMs !== undefined && { pauseMs: anyOrderMs, records: 4 * records }),
  })
  const children = await Promise.all(
    Array.from({ length: workers }, (_, at) => begin(job(`worker ${at}`, true))),
  )
  const { transfers, close } = await openOne(job('api', false))
  const began = performance.now()
  const run = `run${++numbered}`
  await transfers.perform({
    kind: 'transfer',
    input: {
      from: { connection: 'people' },
      through: [
        { map: '{ id, name, zip: .address.zip }' },
        ...(functionMs === undefined ? [] : [{ call: 'busy:1.0.0@default' }]),
      ],
      to: Array.from({ length: one ? 1 : targets }, (_, at) => ({
        connection: 'slow',
        name: `target ${at}`,
        ...(anyOrderMs !== undefined && { mode: 'upsert', key: ['id'] }),
      })),
      batchSize: functionMs === undefined ? batchSize : functionBatch,
      concurrency: one ? 8 : 1,
      ...(anyOrderMs !== undefined && { order: 'any' }),
    },
    idempotencyKey: run,
    attempt: 0,
    runId: run,
    key: '/do/0/move',
    secrets: {},
    signal: new AbortController().signal,
  })
  const ms = performance.now() - began
  await close()
  await Promise.all(children.map(end))
  return ms
}

async function begin(job: Job): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./shared-worker.js', import.meta.url)), [JSON.stringify(job)])
  await new Promise((resolve) => child.once('message', resolve))
  return child
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.disconnect()
  await ended
}

function median(all: readonly number[] = []): number {
  return [...all].sort((one, other) => one - other)[Math.floor(all.length / 2)] ?? 0
}

function print(all: readonly Way[], taken: ReadonlyMap<string, number>, one: string, moved = records): void {
  const base = (name: string) => taken.get(name) ?? 0
  const [alone] = all
  console.log(`who                               s   records/s   of alone   of ${one}`)
  for (const { name } of all) {
    const ms = base(name)
    const perSecond = Math.round((moved * 1000) / ms).toLocaleString('en')
    const times = (other: number) => `${(other / ms).toFixed(2)} x`
    console.log(
      `${name.padEnd(28)} ${(ms / 1000).toFixed(1).padStart(6)} ${perSecond.padStart(11)} ${times(base(alone?.name ?? '')).padStart(10)} ${times(base(one)).padStart(one.length + 5)}`,
    )
  }
}
