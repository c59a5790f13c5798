/**
 * A CSV file into a table of PostgreSQL: by a transfer, with staging, checkpoints and encryption on, and by the
 * connectors alone, beside `psql \copy`. Each in turn, three times; the quickest of each counts. The processor time is
 * that of this process, without the database's: it says on a busy machine, too, what our part costs.
 *
 * `SLUSE_BENCH_ROWS` (default 200,000) says how many.
 */
import { execFileSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectorOf, readConnection, type Connections } from '../src/connectors/index.ts'
import { openDatabase } from '../src/database/index.ts'
import { openTransfers } from '../src/transfer/index.ts'
import { benchConnections } from './connections.ts'
import { startPostgres, type PostgresServer } from '../test/servers/postgres/index.ts'

const rows = Number(process.env.SLUSE_BENCH_ROWS ?? 200_000)
const { signal } = new AbortController()

export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluse-bench-'))
  const server = await startPostgres()
  try {
    await generate(join(folder, 'people.csv'))
    const connections = connect(folder, server)
    const ways: { readonly [name: string]: () => Promise<unknown> } = {
      'psql \\copy': async () => sql(server, `\\copy people from '${join(folder, 'people.csv')}' csv header`),
      'the connectors alone': () => alone(connections),
      'a transfer': () => transfer(connections, folder),
    }
    const best = new Map<string, number>()
    const own = new Map<string, number>()
    for (let round = 0; round < 3; round += 1) {
      for (const [name, move] of Object.entries(ways)) {
        sql(server, `drop table if exists people; create table people (${columns})`)
        const began = performance.now()
        const before = process.cpuUsage()
        await move()
        const { user, system } = process.cpuUsage(before)
        own.set(name, Math.min(own.get(name) ?? Infinity, (user + system) / 1e6))
        best.set(name, Math.min(best.get(name) ?? Infinity, performance.now() - began))
        const found = Number(sql(server, 'select count(*) from people'))
        if (found !== rows) throw new Error(`${name}: ${found} rows are there, of ${rows}`)
      }
    }
    console.log(`${rows.toLocaleString('en')} rows\n`)
    console.log('what                     rows/s   times as long as psql   own processor time')
    const floor = best.get('psql \\copy') ?? NaN
    for (const [name, ms] of best) {
      const rate = Math.round(rows / (ms / 1000)).toLocaleString('en')
      console.log(
        `${name.padEnd(22)} ${rate.padStart(8)} ${(ms / floor).toFixed(1).padStart(23)} ${`${(own.get(name) ?? 0).toFixed(2)} s`.padStart(20)}`,
      )
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const columns = 'id integer primary key, name text, cpr text, amount numeric(12,2), born date, status text'

async function generate(file: string): Promise<void> {
  const stream = createWriteStream(file)
  stream.write('id,name,cpr,amount,born,status\n')
  for (let from = 0; from < rows; from += 10_000) {
    let text = ''
    for (let id = from; id < Math.min(from + 10_000, rows); id += 1) {
      const cpr = String((id * 104_729) % 10_000_000_000).padStart(10, '0')
      const born = `19${50 + (id % 50)}-01-${String((id % 28) + 1).padStart(2, '0')}`
      text += `${id},"Åse ${(id * 7919) % 100_003}, født Sørensen",${cpr},${((id * 31) % 100_000) / 100},${born},open\n`
    }
    if (!stream.write(text)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'finish')
}

function sql({ binaries, host, port, user, database, password }: PostgresServer, command: string): string {
  const place = ['-h', host, '-p', String(port), '-U', user, '-d', database]
  const options = ['-X', '-q', '-t', '-A', '-v', 'ON_ERROR_STOP=1', '-c', command]
  return execFileSync(join(binaries, 'psql'), [...place, ...options], {
    encoding: 'utf8',
    env: { ...process.env, PGPASSWORD: password, PGCLIENTENCODING: 'UTF8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function connect(folder: string, server: PostgresServer): Connections {
  const component = (name: string, type: string, metadata: object[]) => {
    const resource = { apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata: { name } }
    const read = readConnection({ ...resource, spec: { type, metadata } }, connectorOf, [])
    if (!read.declaration) throw new Error(JSON.stringify(read.complaints))
    return read.declaration
  }
  const declarations = [
    component('files', 'bindings.localstorage', [{ name: 'rootPath', value: folder }]),
    component('database', 'bindings.postgresql', [
      ...(['host', 'port', 'database', 'user'] as const).map((name) => ({ name, value: server[name] })),
      { name: 'password', secretKeyRef: { name: 'password' } },
    ]),
  ]
  return benchConnections(declarations, connectorOf, folder, { password: server.password })
}

/** Nothing is staged, and nothing could be gone on with. */
async function alone(connections: Connections): Promise<void> {
  const [files, database] = await Promise.all([connections.open('files'), connections.open('database')])
  const source = files.source?.({ path: 'people.csv' })
  const target = database.target?.({ table: 'people' })
  if (!source || !target) throw new Error('There is no source or no target.')
  const request = {
    mode: 'append',
    key: [],
    deliveryId: 'bench',
    state: null,
    concurrency: 1,
    signal,
  } as const
  const delivery = await target.begin(request)
  let first = 0
  for await (const { records } of source.read({ position: null, since: null, batchSize: 1000, signal })) {
    if (!records) throw new Error('A CSV file gives records.')
    const batch = {
      size: records.length,
      first,
      values: () => records,
      lines: () => Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join('')),
      idempotencyKey: (index: number) => `bench-${index}`,
    }
    await delivery.write(batch, signal)
    first += records.length
  }
  await delivery.flush?.(signal)
  await delivery.finish(signal)
  await Promise.all([files.close(), database.close()])
}

let transfers = 0

async function transfer(connections: Connections, folder: string): Promise<void> {
  transfers += 1
  const data = join(folder, `data-${transfers}`)
  await mkdir(data)
  const database = await openDatabase({ folder: data })
  const opened = openTransfers({
    database,
    dataFolder: data,
    connections,
    publish: async () => {},
    log: (level, message, more) => console.error(level, message, more),
  })
  await opened.perform({
    kind: 'transfer',
    input: {
      from: { connection: 'files', path: 'people.csv' },
      to: [{ connection: 'database', table: 'people' }],
    },
    idempotencyKey: `bench-${transfers}`,
    attempt: 0,
    runId: 'bench',
    key: '/do/0/move',
    secrets: {},
    signal,
  })
  await opened.close()
  await database.close()
}
