// A worker, in a process of its own, to be killed or frozen while it carries effects out: `<JSON: see workers.ts>`.
// Prints a line when it is ready, and one for each answer that it was given.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../../dist/database/index.js'
import { openTemporalEngine } from '../../../dist/engines/index.js'

const { url, server, key, bundle, effects } = JSON.parse(process.argv[2])

const folder = mkdtempSync(join(tmpdir(), 'sluse-ahead-worker-'))
const database = await openDatabase({ folder, url, exclusive: false })
const engine = await openTemporalEngine({
  database,
  server,
  key: Buffer.from(key, 'hex'),
  role: 'worker',
  bundle: readFileSync(bundle, 'utf8'),
  pins: false,
  activities: async ({ idempotencyKey, input, signal }) => {
    const { case: name, before } = input.body
    const effect = `${name}/${input.endpoint.uri.split('/').at(-1)}`
    const response = await fetch(`${effects}/${effect}`, {
      method: 'POST',
      headers: { 'idempotency-key': idempotencyKey },
      body: JSON.stringify(before),
      signal,
    })
    const value = await response.json()
    console.log(`answered ${effect}`)
    return value
  },
  log: (level, message, data) => {
    if (process.env.SLUSE_TEST_LOG) console.error(process.pid, level, message, JSON.stringify(data))
  },
})
process.once('SIGTERM', () => void close())
console.log('ready')

async function close() {
  await engine.close(20_000)
  await database.close()
  process.exit(0)
}
