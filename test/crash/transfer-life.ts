import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { S3Server } from '../servers/s3/index.ts'
import { ended } from './transfer-results.ts'

const driver = fileURLToPath(new URL('transfer-driver.mjs', import.meta.url))

export interface TransferOutcome {
  readonly status: string
  readonly output: { readonly [key: string]: unknown }
}

/** One life of the engine; `undefined` where it was killed before its end. Datasets lie in the folder, or in the bucket of a server. */
export async function live(
  folder: string,
  killAfterMs: number | undefined,
  datasets?: S3Server,
): Promise<TransferOutcome | undefined> {
  const child = spawn(
    process.execPath,
    [driver, folder, join(folder, 'target.sock'), ...(datasets ? [JSON.stringify(datasets)] : [])],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  let timer: NodeJS.Timeout | undefined
  let result: TransferOutcome | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line !== 'started') result = JSON.parse(line) as TransferOutcome
    else if (killAfterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  })
  await ended(child)
  clearTimeout(timer)
  if (child.signalCode === 'SIGKILL') return undefined
  if (child.exitCode !== 0) throw new Error(`the engine ended with ${child.exitCode}: ${complaint}`)
  return result
}
