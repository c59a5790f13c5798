// A system with rows by key, to be killed at any moment. Usage: keyed-target.mjs <file> <socket>
// In: a line of JSON `{ rows: [[key, value], …] }`; out: a line `{ done }` once they are durable.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import Sqlite from 'libsql'

const [, , file, socket] = process.argv
const database = new Sqlite(file)
database.exec('PRAGMA journal_mode = WAL')
database.exec('CREATE TABLE IF NOT EXISTS rows (key text primary key, value text, times integer not null)')
const put = database.prepare(
  'INSERT INTO rows VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET value = excluded.value, times = times + 1',
)
rmSync(socket, { force: true })
createServer((client) => {
  client.on('error', () => {})
  const lines = createInterface({ input: client })
  lines.on('error', () => {})
  lines.on('line', (line) => {
    const { rows } = JSON.parse(line)
    database.exec('BEGIN')
    for (const row of rows) put.run(row)
    database.exec('COMMIT')
    client.write(`{"done":${rows.length}}\n`)
  })
}).listen(socket, () => console.log('listening'))
