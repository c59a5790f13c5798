import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { fault } from '../../workflow/index.ts'

export interface UnpackLimits {
  /** Most bytes that come out. */
  readonly maxBytes: number
  /** Most bytes that come out for one that went in; counted once 10 MB are out. */
  readonly maxRatio: number
}

/** Text packs to a tenth or a twentieth; a thousandth is a bomb. */
export const unpackLimits: UnpackLimits = { maxBytes: 100_000_000_000, maxRatio: 500 }

/** Unpacks gzip as it comes. Throws a `validation` fault where it is none, ends short, or unfolds without measure. */
export async function* gunzip(
  packed: AsyncIterable<Uint8Array>,
  limits: UnpackLimits = unpackLimits,
): AsyncGenerator<Uint8Array> {
  let bytesIn = 0
  const counted = async function* () {
    for await (const chunk of packed) {
      bytesIn += chunk.byteLength
      yield chunk
    }
  }
  const unpacker = createGunzip({ chunkSize: 65_536 })
  const feeding = feed(counted(), unpacker)
  let bytesOut = 0
  try {
    for await (const chunk of unpacker as AsyncIterable<Uint8Array>) {
      bytesOut += chunk.byteLength
      checkMeasure(bytesIn, bytesOut, limits)
      yield chunk
    }
    await feeding
  } catch (error) {
    throw gzipFault(error) ?? error
  } finally {
    unpacker.destroy()
    await feeding.catch(() => {})
  }
}

export function checkMeasure(bytesIn: number, bytesOut: number, limits: UnpackLimits): void {
  if (bytesOut > limits.maxBytes) {
    throw fault('validation', `It unpacks to more than the ${limits.maxBytes} bytes that are allowed.`)
  }
  if (bytesOut > 10_000_000 && bytesOut > bytesIn * limits.maxRatio) {
    throw fault(
      'validation',
      `It unpacks to more than ${limits.maxRatio} times its size, as only a trap does; it was not read on.`,
    )
  }
}

async function feed(
  source: AsyncIterable<Uint8Array>,
  into: Readable & { write(chunk: Uint8Array): boolean; end(): unknown },
): Promise<void> {
  try {
    for await (const chunk of source) {
      if (into.destroyed) return
      if (!into.write(chunk)) {
        await new Promise<void>((resolve) => {
          into.once('drain', resolve)
          into.once('close', resolve)
          into.once('error', () => resolve())
        })
      }
    }
    into.end()
  } catch (error) {
    into.destroy(error as Error)
    throw error
  }
}

function gzipFault(error: unknown): Error | undefined {
  const code = (error as { code?: unknown }).code
  if (code === 'Z_BUF_ERROR') {
    return fault('validation', 'The gzip ends in the middle: the file is not whole.')
  }
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return fault('validation', `It is not valid gzip: ${(error as Error).message}.`)
  }
  return undefined
}
