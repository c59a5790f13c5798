/** A thread that does pure steps. In: `{ id, given }`; out: `{ id, made }` or `{ id, error }`. */
import { parentPort, workerData } from 'node:worker_threads'
import { makeLines, type Given, type LineWork } from './lines.ts'

const work = workerData as LineWork

parentPort?.on('message', ({ id, given }: { id: number; given: Given }) => {
  try {
    const { values: _, ...made } = makeLines(given, work)
    // A small buffer lies in a pool that must not be given away.
    const lines = new Uint8Array(made.lines)
    parentPort?.postMessage({ id, made: { ...made, lines } }, [lines.buffer])
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
