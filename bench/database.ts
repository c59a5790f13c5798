/**
 * Durable commits on SQLite and on PostgreSQL, each beside the floor of the server itself: the same rows, inserted by
 * a bare client in transactions of the same size. PostgreSQL is started for this, with its durability as it is by default.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { insertRows, openDatabase, type Database } from '../src/database/index.ts'
import { startPostgres } from '../test/servers/postgres/index.ts'

const seconds = 4
const data = JSON.stringify({
  type: 'result',
  key: '/do/0/call',
  at: 1_767_225_600_000,
  value: 'x'.repeat(200),
})
const sizes = [1, 10, 100]

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-database-'))
  const server = await startPostgres()
  const url = `postgres://${server.user}:${server.password}@${server.host}:${server.port}/${server.database}`
  const sqlite = await openDatabase({ folder })
  const postgres = await openDatabase({ folder, url })
  const bare = new pg.Client({ connectionString: url })
  await bare.connect()
  await bare.query('CREATE TABLE bare (seq bigint primary key, run bigint not null, data text not null)')
  console.log(`load ${loadavg()[0]?.toFixed(1)}; one writer, each commit awaited, ${seconds} s each`)
  console.log('rows a commit | SQLite commits/s | PostgreSQL commits/s | bare client commits/s | of bare')
  try {
    for (const size of sizes) {
      const [one, two, floor] = [
        await commits(through(sqlite), size),
        await commits(through(postgres), size),
        await commits(barely(bare), size),
      ]
      const share = `${((two / floor) * 100).toFixed(0)} %`
      console.log([size, one.toFixed(0), two.toFixed(0), floor.toFixed(0), share].join(' | '))
    }
  } finally {
    await bare.end()
    await postgres.close()
    await sqlite.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Rows = (string | number)[][]

let seq = 0

async function commits(write: (rows: Rows) => Promise<unknown>, size: number): Promise<number> {
  const until = performance.now() + seconds * 1000
  let count = 0
  while (performance.now() < until) {
    await write(Array.from({ length: size }, () => [++seq, 1, data]))
    count++
  }
  return count / seconds
}

const through = (database: Database) => (rows: Rows) =>
  database.commit(insertRows('journal', ['seq', 'run', 'data'], rows))

/** As few statements as there can be: what grouped inserts cost at least. */
const barely = (client: pg.Client) => (rows: Rows) => {
  const places = rows.map((_, at) => `($${at * 3 + 1}, $${at * 3 + 2}, $${at * 3 + 3})`).join(', ')
  const text = `INSERT INTO bare (seq, run, data) VALUES ${places}`
  return client.query({ name: `bare ${rows.length}`, text, values: rows.flat() })
}
