/**
 * One transfer to three slow targets by 1, 2 and 4 workers, each a process of its own, over one PostgreSQL. A target
 * takes a while for each batch, as systems across a network do, and a worker delivers to one at a time, so that a target
 * more needs a worker more: how much of that is had is what is measured. And by one worker that may deliver to all, beside
 * a process that shares with nobody: what sharing costs. The rounds take turns.
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

interface Way {
  readonly name: string
  readonly workers: number
  /** Of each worker; not given: it shares with nobody. */
  readonly jobs?: number
}

const ways: readonly Way[] = [
  { name: 'alone, all targets', workers: 0 },
  { name: '1 worker, all targets', workers: 1, jobs: targets },
  { name: '1 worker, one target', workers: 1, jobs: 1 },
  { name: '2 workers, one target each', workers: 2, jobs: 1 },
  { name: '4 workers, one target each', workers: 4, jobs: 1 },
]

export async function run(): Promise<void> {
  if (!postgresBinaries()) return console.log('Left out: PostgreSQL is not installed.')
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-shared-'))
  const { stop, user, password, host, port, database } = await startPostgres()
  try {
    const url = `postgres://${user}:${password}@${host}:${port}/${database}?sslmode=disable`
    const taken = new Map<Way, number[]>(ways.map((way) => [way, []]))
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) taken.get(way)?.push(await measure(way, { url, data: join(folder, 'data') }))
    }
    const floor = (records / batchSize) * pauseMs
    console.log(
      `${records.toLocaleString('en')} records to ${targets} targets, ${pauseMs} ms a batch of ${batchSize}`,
    )
    console.log(
      `one target takes at least ${(floor / 1000).toFixed(1)} s; load ${loadavg()[0]?.toFixed(1)}; median of ${rounds}\n`,
    )
    console.log('who                               s   records/s   of alone   of 1 worker, one target')
    const [alone = 0, , one = 0] = ways.map((way) => median(taken.get(way)))
    for (const way of ways) print(way, median(taken.get(way)), alone, one)
  } finally {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

let numbered = 0

/** Milliseconds for one transfer. */
async function measure({ workers, jobs }: Way, where: Pick<Job, 'url' | 'data'>): Promise<number> {
  const job = (name: string, takes: boolean): Job => ({
    ...{ ...where, records, pauseMs, takes, name },
    ...(jobs !== undefined && { jobs }),
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
      through: [{ map: '{ id, name, zip: .address.zip }' }],
      to: Array.from({ length: targets }, (_, at) => ({ connection: 'slow', name: `target ${at}` })),
      batchSize,
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

function print({ name }: Way, ms: number, alone: number, one: number): void {
  const perSecond = Math.round((records * 1000) / ms).toLocaleString('en')
  const times = (base: number) => `${(base / ms).toFixed(2)} x`
  console.log(
    `${name.padEnd(28)} ${(ms / 1000).toFixed(1).padStart(6)} ${perSecond.padStart(11)} ${times(alone).padStart(10)} ${times(one).padStart(24)}`,
  )
}
