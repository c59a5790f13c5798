import {
  decodeHeader,
  decodePayload,
  headerBytes,
  type Block,
  type BlockAddress,
  type Extent,
} from './block.ts'
import type { DatasetStorage, SegmentReader } from './storage.ts'

/** What is known of a block without reading what is in it. */
export interface BlockPlace extends Pick<Block, 'first' | 'count' | 'next'> {
  readonly at: BlockAddress
  /** As it lies there. */
  readonly bytes: number
}

/** Reads the blocks of one dataset, in order, from wherever. One at a time; `close` lets go of what it holds. */
export class DatasetReader {
  readonly #segments: SegmentReader
  readonly #key: Uint8Array
  /** What has been read ahead, and where in its segment it begins. */
  #ahead: { readonly segment: number; readonly offset: number; readonly bytes: Buffer } | undefined

  constructor(storage: DatasetStorage, name: string, key: Uint8Array) {
    this.#segments = storage.read(name)
    this.#key = key
  }

  /** The block at `address`, or `undefined` at the end. `extent` is up to where the dataset is durable. */
  async block(address: BlockAddress, extent: Extent): Promise<Block | undefined> {
    const at = await this.#settled(address, extent)
    if (!at) return undefined
    const header = decodeHeader(await this.#bytes(at, headerBytes))
    const whole = await this.#bytes(at, headerBytes + header.payloadBytes)
    const { lines, origins } = decodePayload(whole.subarray(headerBytes), header, this.#key)
    const { first, count } = header
    const next = { segment: at.segment, offset: at.offset + headerBytes + header.payloadBytes }
    return { first, count, lines, origins, next }
  }

  /** Of the block at `address`, by its header alone; `undefined` at the end. */
  async place(address: BlockAddress, extent: Extent): Promise<BlockPlace | undefined> {
    const at = await this.#settled(address, extent)
    if (!at) return undefined
    const { first, count, payloadBytes } = decodeHeader(await this.#bytes(at, headerBytes))
    const bytes = headerBytes + payloadBytes
    return { at, first, count, bytes, next: { segment: at.segment, offset: at.offset + bytes } }
  }

  /** The address of the block that holds a record, found by the headers alone. */
  async find(record: number, extent: Extent): Promise<BlockAddress | undefined> {
    let address: BlockAddress = { segment: 0, offset: 0 }
    for (;;) {
      const place = await this.place(address, extent)
      if (!place) return undefined
      if (record < place.first + place.count) return place.at
      address = place.next
    }
  }

  async close(): Promise<void> {
    this.#ahead = undefined
    await this.#segments.close()
  }

  /** At the end of a segment the next one begins. */
  async #settled(address: BlockAddress, extent: Extent): Promise<BlockAddress | undefined> {
    const { segment, offset } = address
    if (segment > extent.segment || (segment === extent.segment && offset >= extent.offset)) return undefined
    if (segment === extent.segment) return address
    const size = await this.#segments.size(segment)
    return offset < size ? address : this.#settled({ segment: segment + 1, offset: 0 }, extent)
  }

  async #bytes({ segment, offset }: BlockAddress, length: number): Promise<Buffer> {
    const ahead = this.#ahead
    if (ahead && ahead.segment === segment && offset >= ahead.offset) {
      const from = offset - ahead.offset
      if (from + length <= ahead.bytes.length) return ahead.bytes.subarray(from, from + length)
    }
    const bytes = await this.#segments.bytes({ segment, offset }, length)
    this.#ahead = { segment, offset, bytes }
    return bytes.subarray(0, length)
  }
}
