/**
 * NDJSON file, five-field map, NDJSON file: a transfer, with staging, checkpoints and encryption on, beside a bare
 * loop that does the same parse, map and write. On one core and on two, each in a process of its own.
 *
 * `SLUSE_BENCH_RECORDS` (default 1,000,000) says how many; 35,000,000 are about 5 GB, for the memory at any size.
 */
import { spawnSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const records = Number(process.env.SLUSE_BENCH_RECORDS ?? 1_000_000)
const child = fileURLToPath(new URL('./transfer-child.js', import.meta.url))

export async function run(): Promise<void> {
  const folder = await mkdtemp(join(process.env.SLUSE_BENCH_FOLDER ?? tmpdir(), 'sluse-bench-'))
  try {
    const input = join(folder, 'in.ndjson')
    await generate(input)
    const { size } = await stat(input)
    console.log(`${records.toLocaleString('en')} records, ${(size / 1e9).toFixed(2)} GB\n`)
    console.log('what                        cores   records/s   of bare   peak memory')
    // What is large is looked at for its memory alone.
    if (records > 5_000_000) {
      const alone = await measure('transfer', '0,1', folder)
      return print('transfer', '0,1', alone, alone)
    }
    for (const cores of ['0', '0,1']) {
      const bare = await measure('bare', cores, folder)
      print('bare loop', cores, bare, bare)
      for (const concurrency of cores === '0' ? [1] : [1, 2]) {
        const name = concurrency === 1 ? 'transfer' : `transfer, concurrency ${concurrency}`
        print(name, cores, await measure('transfer', cores, folder, concurrency), bare)
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Measured {
  readonly ms: number
  readonly peakMb: number
  readonly bytes: number
}

async function measure(what: string, cores: string, folder: string, concurrency = 1): Promise<Measured> {
  const data = join(folder, 'data')
  const output = join(folder, 'out.ndjson')
  const words = ['-c', cores, process.execPath, child, what, join(folder, 'in.ndjson'), output, data]
  const done = spawnSync('taskset', [...words, String(concurrency)], { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(done.stderr)
  await rm(data, { recursive: true, force: true })
  await rm(output)
  return JSON.parse(done.stdout) as Measured
}

function print(name: string, cores: string, { ms, peakMb }: Measured, bare: Measured): void {
  const rate = Math.round(records / (ms / 1000)).toLocaleString('en')
  const ratio = (bare.ms / ms).toFixed(2)
  const count = cores.split(',').length
  console.log(
    `${name.padEnd(26)} ${String(count).padStart(6)} ${rate.padStart(11)} ${ratio.padStart(9)} ${`${peakMb.toFixed(0)} MB`.padStart(13)}`,
  )
}

async function generate(file: string): Promise<void> {
  const stream = createWriteStream(file)
  for (let from = 0; from < records; from += 10_000) {
    let text = ''
    for (let id = from; id < Math.min(from + 10_000, records); id++) {
      text += `${JSON.stringify({
        id,
        name: `Person ${(id * 7919) % 100_003}`,
        cpr: String((id * 104_729) % 10_000_000_000).padStart(10, '0'),
        amount: ((id * 31) % 100_000) / 100,
        date: `2026-01-${String((id % 28) + 1).padStart(2, '0')}`,
        status: id % 3 === 0 ? 'closed' : 'open',
        address: { street: `Road ${id % 500}`, zip: 8000 + (id % 900) },
      })}\n`
    }
    if (!stream.write(text)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'finish')
}
