/** A worker of bench/temporal.ts, in a process of its own, until its parent lets go of it: `<JSON of a job>`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { openDatabase } from '../src/database/index.ts'
import { openTemporalEngine } from '../src/engines/index.ts'
import { keyOfBench, step, type Job } from './temporal-job.ts'

const job = JSON.parse(process.argv[2] ?? '') as Job
const close = await (job.what === 'bare' ? bare() : sluse())
process.send?.('ready')
process.once('disconnect', () => void close().then(() => process.exit()))

async function bare(): Promise<() => Promise<void>> {
  Runtime.install({ logger: new DefaultLogger('WARN') })
  const connection = await NativeConnection.connect({ address: job.address })
  const worker = await Worker.create({
    connection,
    namespace: job.namespace,
    taskQueue: job.taskQueue,
    workflowBundle: { code: readFileSync(job.bundle, 'utf8') },
    activities: { step },
  })
  const ended = worker.run()
  return async () => {
    worker.shutdown()
    await ended
    await connection.close()
  }
}

async function sluse(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-'))
  const database = await openDatabase({ folder, url: job.url, exclusive: false })
  const { address, namespace, taskQueue } = job
  const engine = await openTemporalEngine({
    database,
    activities: ({ input }) => step((input as { body: { n: number } }).body),
    server: { address, namespace, taskQueue },
    key: keyOfBench,
    role: 'worker',
    ...(job.what === 'single' && { settings: { aheadMs: 0 } }),
    bundle: readFileSync(job.bundle, 'utf8'),
    log: (level, message, data) => level !== 'info' && console.error(level, message, data),
  })
  return async () => {
    await engine.close(0)
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
