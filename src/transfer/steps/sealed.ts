import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { quick } from '../dataset/block.ts'
import { decryptBytes, encryptBytes } from '../dataset/keys.ts'
import type { Begun } from './apart.ts'
import type { Given } from './lines.ts'

/** A batch as texts that go from one process to another: compressed, then encrypted with the dataset's key. */
export function sealGiven(given: Given, key: Uint8Array): string {
  if ('lines' in given) return seal(given.lines, key)
  return seal(Buffer.from(given.records.map((record) => `${JSON.stringify(record)}\n`).join('')), key)
}

export function openGiven(text: string, key: Uint8Array): Given {
  return { lines: open(text, key) }
}

/** One line of what is no records, then the lines that were made. */
export function sealBegun(begun: Begun, key: Uint8Array): string {
  if (!('made' in begun)) return seal(Buffer.from(`${JSON.stringify(begun)}\n`), key)
  const { lines, values: _, ...rest } = begun.made
  return seal(Buffer.concat([Buffer.from(`${JSON.stringify({ made: rest })}\n`), lines]), key)
}

export function openBegun(text: string, key: Uint8Array): Begun {
  const bytes = open(text, key)
  const end = bytes.indexOf(10)
  const begun = JSON.parse(bytes.toString('utf8', 0, end)) as Begun
  return 'made' in begun ? { made: { ...begun.made, lines: bytes.subarray(end + 1) } } : begun
}

/** Plain data as such a text. */
export function sealPlain(data: unknown, key: Uint8Array): string {
  return seal(Buffer.from(JSON.stringify(data)), key)
}

/** Throws where that is not what was sealed with this key. */
export function openPlain(text: string, key: Uint8Array): unknown {
  return JSON.parse(open(text, key).toString())
}

function seal(bytes: Uint8Array, key: Uint8Array): string {
  return encryptBytes(brotliCompressSync(bytes, quick), key).toString('base64')
}

function open(text: string, key: Uint8Array): Buffer {
  return brotliDecompressSync(decryptBytes(Buffer.from(text, 'base64'), key))
}
