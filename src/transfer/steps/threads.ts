import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Given, LineWork, Made } from './lines.ts'

/** Threads that do pure steps beside the main one. */
export interface StepThreads {
  makeLines(given: Given): Promise<Made>
  close(): Promise<void>
}

/** Node runs a thread from a file as it lies there: from the build, also where the sources run from tests. */
function threadFile(): URL | undefined {
  const beside = new URL('./step-thread.js', import.meta.url)
  if (existsSync(fileURLToPath(beside))) return beside
  const built = new URL('../../../dist/transfer/steps/step-thread.js', import.meta.url)
  return existsSync(fileURLToPath(built)) ? built : undefined
}

/** `undefined` where threads cannot be started: then everything is done here. */
export function openThreads(count: number, work: LineWork): StepThreads | undefined {
  const file = threadFile()
  if (!file) return undefined
  const waiting = new Map<number, { resolve: (made: Made) => void; reject: (error: unknown) => void }>()
  let dead: Error | undefined
  const fail = (error: Error) => {
    dead ??= error
    for (const { reject } of waiting.values()) reject(dead)
    waiting.clear()
  }
  const threads = Array.from({ length: count }, () => {
    const worker = new Worker(file, { workerData: work })
    const thread = { worker, busy: 0 }
    worker.on('message', ({ id, made, error }: { id: number; made?: Made; error?: string }) => {
      thread.busy--
      const caller = waiting.get(id)
      waiting.delete(id)
      if (made) caller?.resolve(made)
      else caller?.reject(new Error(error))
    })
    worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => fail(new Error('The thread has ended.')))
    return thread
  })
  let last = 0
  return {
    makeLines(given) {
      if (dead) return Promise.reject(dead)
      return new Promise((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve, reject })
        const thread = threads.reduce((least, each) => (each.busy < least.busy ? each : least))
        thread.busy++
        // Bytes are copied: they may be part of a larger buffer that others read.
        thread.worker.postMessage({ id, given })
      })
    },
    async close() {
      dead ??= new Error('The threads are closed.')
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }
}
