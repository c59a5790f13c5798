/** One measurement of bench/transfer.ts, in a process of its own: `bare|transfer <in> <out> <data> <concurrency>`. */
import { createWriteStream, readFileSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { once } from 'node:events'
import { connectorOf, readConnection } from '../src/connectors/index.ts'
import { openDatabase } from '../src/database/index.ts'
import { openTransfers } from '../src/transfer/index.ts'
import { benchConnections } from './connections.ts'

const [what = '', input = '', output = '', data = '', concurrency = '1'] = process.argv.slice(2)

interface Person {
  id: number
  name: string
  cpr: string
  amount: number
  address: { zip: number }
}

/** What one would write by hand: chunks, lines, parse, map, write; nothing is checked and nothing survives a crash. */
async function bare(): Promise<void> {
  const source = await open(input)
  const target = createWriteStream(output)
  let rest = ''
  for await (const chunk of source.createReadStream({ encoding: 'utf8', highWaterMark: 512 * 1024 })) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    let text = ''
    for (const line of lines) {
      const { id, name, cpr, amount, address } = JSON.parse(line) as Person
      text += `${JSON.stringify({ id, navn: name, cpr, beloeb: amount, postnr: address.zip })}\n`
    }
    if (!target.write(text)) await once(target, 'drain')
  }
  target.end()
  await once(target, 'finish')
}

async function transfer(): Promise<void> {
  const database = await openDatabase({ folder: data })
  const { declaration } = readConnection(
    {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata: { name: 'files' },
      spec: { type: 'bindings.localstorage', metadata: [{ name: 'rootPath', value: dirname(input) }] },
    },
    connectorOf,
    [],
  )
  const connections = benchConnections(declaration ? [declaration] : [], connectorOf, data)
  const transfers = openTransfers({
    database,
    dataFolder: data,
    connections,
    publish: async () => {},
    log: (level, message, more) => console.error(level, message, more),
  })
  await transfers.perform({
    kind: 'transfer',
    input: {
      from: { connection: 'files', path: basename(input) },
      through: [{ map: '{ id, navn: .name, cpr, beloeb: .amount, postnr: .address.zip }' }],
      to: [{ connection: 'files', path: basename(output) }],
      concurrency: Number(concurrency),
    },
    idempotencyKey: `${process.pid}`,
    attempt: 0,
    runId: 'bench',
    key: '/do/0/move',
    secrets: {},
    signal: new AbortController().signal,
  })
  await transfers.close()
  await database.close()
}

const began = performance.now()
await (what === 'bare' ? bare() : transfer())
const ms = performance.now() - began
const peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0)
const cpu = process.cpuUsage()
console.log(
  JSON.stringify({
    ms,
    peakMb: peakKb / 1024,
    cpuMs: (cpu.user + cpu.system) / 1000,
    bytes: (await stat(output)).size,
  }),
)
