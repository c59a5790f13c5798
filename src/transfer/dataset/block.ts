import { brotliCompressSync, brotliDecompressSync, constants, crc32 } from 'node:zlib'
import { SluseError } from '../../errors.ts'
import type { Json } from '../../workflow/index.ts'
import { decryptBytes, encryptBytes } from './keys.ts'

/** Some records of a dataset, in order: what is written, checked and read as one. */
export interface Block {
  /** The number of the first record within the dataset, from 0. */
  readonly first: number
  readonly count: number
  /** Newline-delimited JSON, every line ended by a newline. */
  readonly lines: Uint8Array
  /** What the lines say, where it is in memory already: of a block that was just written. Nobody changes it. */
  readonly values?: readonly Json[] | undefined
  readonly origins: Origins
  readonly next: BlockAddress
}

/** Where a block begins. */
export interface BlockAddress {
  readonly segment: number
  readonly offset: number
}

/** Up to where a dataset is written. */
export interface Extent extends BlockAddress {
  readonly records: number
  /** Of all records as newline-delimited JSON, before compression. */
  readonly bytes: number
}

/** Of a dataset that has nothing yet. */
export const nothingYet: Extent = { segment: 0, offset: 0, records: 0, bytes: 0 }

/**
 * Where the records of a block came from, as small as it goes: most come from lines or pages that are counted up.
 * `of` says for each record which of the origins is its own, where that is not simply the same place.
 */
export type Origins = { readonly of?: readonly number[] } & (
  { readonly prefix: string; readonly from: number } | { readonly each: readonly string[] }
)

/** In front of every block: magic, bytes of the payload, CRC-32 of it, records, number of the first, bytes when read. */
export const headerBytes = 32
const magic = 0x534c5531

/**
 * Brotli at its quickest: three times as fast as gzip at level 1 and nearly as small; measured in bench/transfer.ts.
 */
export const quick = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 0,
    [constants.BROTLI_PARAM_LGWIN]: 18,
  },
}

/** Compressed, then encrypted with the dataset's key: without the key nothing can be read of it. */
export function encodeBlock(
  block: Pick<Block, 'first' | 'count' | 'lines' | 'origins'>,
  key: Uint8Array,
): Buffer {
  const origins = Buffer.from(`${JSON.stringify(block.origins)}\n`)
  const raw = Buffer.concat([origins, block.lines])
  const payload = encryptBytes(brotliCompressSync(raw, quick), key)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32BE(magic, 0)
  header.writeUInt32BE(payload.length, 4)
  header.writeUInt32BE(crc32(payload), 8)
  header.writeUInt32BE(block.count, 12)
  header.writeDoubleBE(block.first, 16)
  header.writeUInt32BE(raw.length, 24)
  return Buffer.concat([header, payload])
}

export interface BlockHeader {
  readonly payloadBytes: number
  readonly crc: number
  readonly first: number
  readonly count: number
}

/** Throws `SLUSE-DATASET-DAMAGED` where there is no block. */
export function decodeHeader(bytes: Buffer): BlockHeader {
  if (bytes.length < headerBytes || bytes.readUInt32BE(0) !== magic) {
    throw new SluseError('SLUSE-DATASET-DAMAGED', 'There is no block where one should begin.')
  }
  return {
    payloadBytes: bytes.readUInt32BE(4),
    crc: bytes.readUInt32BE(8),
    count: bytes.readUInt32BE(12),
    first: bytes.readDoubleBE(16),
  }
}

export function decodePayload(
  payload: Buffer,
  { crc }: BlockHeader,
  key: Uint8Array,
): Pick<Block, 'lines' | 'origins'> {
  if (crc32(payload) !== crc)
    throw new SluseError('SLUSE-DATASET-DAMAGED', 'A block is not as it was written.')
  const raw = brotliDecompressSync(decryptBytes(payload, key))
  const end = raw.indexOf(10)
  return { origins: JSON.parse(raw.toString('utf8', 0, end)) as Origins, lines: raw.subarray(end + 1) }
}

/** Origin of the record that is `index`-th in its block. */
export function originAt(origins: Origins, index: number): string {
  const place = origins.of ? (origins.of[index] ?? index) : index
  return 'each' in origins ? (origins.each[place] ?? '') : `${origins.prefix}${origins.from + place}`
}

/** `count` is how many records were read, `of` which of them each record of the block was made from. */
export function originsOf(
  origin: (index: number) => string,
  count: number,
  of: readonly number[] | undefined,
): Origins {
  const own = of ? { of } : {}
  if (count === 0) return { each: [] }
  const counted = /^(.*?)(\d{1,15})$/s.exec(origin(0))
  if (counted) {
    const [, prefix = '', from = ''] = counted
    const last = `${prefix}${Number(from) + count - 1}`
    const middle = Math.floor(count / 2)
    const regular = origin(count - 1) === last && origin(middle) === `${prefix}${Number(from) + middle}`
    if (regular) return { prefix, from: Number(from), ...own }
  }
  return { each: Array.from({ length: count }, (_, index) => origin(index)), ...own }
}

/** One record of a line, as JSON. */
export function parseLines(lines: Uint8Array): Json[] {
  const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('utf8')
  return text === '' ? [] : (JSON.parse(`[${text.slice(0, -1).replaceAll('\n', ',')}]`) as Json[])
}
