import { open, rename, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ExchangeError } from './faults.ts'

/** Reads a body (a stream and its decoders) into memory. Past `most` bytes it throws, or cuts and lets go. */
export async function readBody(
  stages: readonly Readable[],
  most: number,
  past: 'refuse' | 'cut',
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  await consume(stages, signal, async (stream) => {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > most) {
        if (past === 'refuse') throw tooLarge(most)
        chunks.push(chunk.subarray(0, chunk.length - (bytes - most)))
        return
      }
      chunks.push(chunk)
    }
  })
  return Buffer.concat(chunks)
}

/** Hands a body over as it comes; returns its length in bytes. */
export async function passBody(
  stages: readonly Readable[],
  take: (chunk: Uint8Array) => void,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0
  await consume(stages, signal, async (stream) => {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      take(chunk)
    }
  })
  return bytes
}

/**
 * Writes a body to `file`, whole or not at all: it appears under its name only once it is complete and on disk.
 * Returns its length in bytes.
 */
export async function saveBody(
  stages: readonly Readable[],
  file: string,
  most: number,
  signal: AbortSignal,
): Promise<number> {
  const partial = `${file}.part`
  let bytes = 0
  try {
    await consume(stages, signal, async (stream) => {
      const handle = await open(partial, 'w', 0o600)
      try {
        for await (const chunk of stream as AsyncIterable<Uint8Array>) {
          bytes += chunk.length
          if (bytes > most) throw tooLarge(most)
          await handle.write(chunk)
        }
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
    await rename(partial, file)
    return bytes
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** As Node has it for a list of stages; its types know tuples alone. */
const run = pipeline as unknown as (stages: readonly unknown[], options: object) => Promise<void>

/**
 * Runs `sink` on the last stage and lets go of all stages, also where it stops early. What the sink threw counts,
 * not the abort of the stages before it that followed.
 */
async function consume(
  stages: readonly Readable[],
  signal: AbortSignal,
  sink: (stream: AsyncIterable<unknown>) => Promise<void>,
): Promise<void> {
  let outcome: { failure?: unknown } | undefined
  const watched = async (stream: AsyncIterable<unknown>) => {
    try {
      await sink(stream)
      outcome = {}
    } catch (failure) {
      outcome = { failure }
      throw failure
    }
  }
  try {
    await run([...stages, watched], { signal })
  } catch (error) {
    if (signal.aborted || !outcome || isAbort(outcome.failure)) throw error
    if ('failure' in outcome) throw outcome.failure
  }
}

/** A sink that reads a stage which failed may see no more than that it was torn down. */
const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'

const tooLarge = (most: number) =>
  new ExchangeError('SLUSE_TOO_LARGE', `the answer is larger than the ${most} bytes that are allowed`)
