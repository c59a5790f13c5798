import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fault, type WorkflowFault } from '../workflow/index.ts'
import { watchMemory } from './process-table.ts'
import { processLimits } from './settings.ts'
import { startProcess, type StartRequest } from './start-process.ts'

export interface ProcessRequest extends StartRequest {
  /** What to call it in a fault: `The command`. */
  readonly name: string
  readonly stdin: string
  /** Which output is asked for: it is bounded. Of the other only the end is kept, to explain a failure. */
  readonly keep: { readonly stdout: boolean; readonly stderr: boolean }
}

export interface ProcessResult {
  readonly code: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

/** How much is kept of output that nobody asked for. */
const tailBytes = 4096

/**
 * Runs a process to its end and leaves nothing of it behind, however it ends. Throws a `timeout` fault past its
 * time limit, a `runtime` fault past its bounds of output or memory, and the signal's reason once that aborts.
 */
export async function runProcess(request: ProcessRequest, signal: AbortSignal): Promise<ProcessResult> {
  signal.throwIfAborted()
  const limits = processLimits(request.settings)
  const started = await startProcess(request)
  let stop: (reason: unknown) => void = () => {}
  const stopped = new Promise<never>((_, reject) => (stop = reject))
  stopped.catch(() => {})
  const onAbort = () => stop(signal.reason)
  const timer = setTimeout(() => stop(tooLong(request.name, limits.timeLimitMs)), limits.timeLimitMs)
  const unwatchMemory = watchMemory(started.pid, limits.memoryBytes, () =>
    stop(
      fault('runtime', `${request.name} held more than the ${limits.memoryBytes} bytes of memory allowed.`),
    ),
  )
  try {
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    const gather = (stream: Readable, kept: boolean, what: string) =>
      kept
        ? whole(stream, limits.maxOutputBytes, () => stop(tooMuch(request.name, what, limits.maxOutputBytes)))
        : tail(stream)
    const stdout = gather(started.stdout, request.keep.stdout, 'standard output')
    const stderr = gather(started.stderr, request.keep.stderr, 'standard error')
    const code = await Promise.race([started.exited, stopped])
    // What it left in the background would hold its output open for ever.
    await started.end(0)
    const rest = await Promise.race([
      Promise.all([stdout, stderr]),
      stopped,
      delay(limits.graceMs, undefined),
    ])
    if (!rest) throw fault('runtime', `${request.name} ended, but something holds its output open.`)
    return { code, stdout: rest[0], stderr: rest[1] }
  } finally {
    clearTimeout(timer)
    unwatchMemory()
    signal.removeEventListener('abort', onAbort)
    await started.end(limits.graceMs)
    started.stdout.destroy()
    started.stderr.destroy()
  }
}

function whole(stream: Readable, most: number, exceeded: () => void): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  return ended(stream, (chunk) => {
    bytes += chunk.length
    if (bytes <= most) chunks.push(chunk)
    else {
      stream.pause()
      exceeded()
    }
  }).then(() => Buffer.concat(chunks))
}

function tail(stream: Readable): Promise<Uint8Array> {
  let kept = Buffer.alloc(0)
  return ended(stream, (chunk) => {
    kept = Buffer.concat([kept, chunk]).subarray(-tailBytes)
  }).then(() => kept)
}

function ended(stream: Readable, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve) => {
    stream
      .on('data', take)
      .on('close', resolve)
      .on('end', resolve)
      .on('error', () => resolve())
  })
}

const tooLong = (name: string, ms: number): WorkflowFault =>
  fault('timeout', `${name} took longer than the ${ms / 1000} seconds allowed, and was ended.`)

const tooMuch = (name: string, what: string, most: number): WorkflowFault =>
  fault('runtime', `${name} wrote more than the ${most} bytes allowed to ${what}, and was ended.`)
