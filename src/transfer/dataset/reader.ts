import { open, type FileHandle } from 'node:fs/promises'
import { decodeHeader, decodePayload, headerBytes, type Block, type BlockAddress } from './block.ts'
import { segmentFile, type Extent } from './writer.ts'

const chunkBytes = 256 * 1024

/** Reads the blocks of one dataset, in order, from wherever. One at a time; `close` lets go of its file. */
export class DatasetReader {
  readonly #folder: string
  readonly #key: Uint8Array
  #open: { readonly segment: number; readonly file: FileHandle } | undefined
  /** What has been read ahead, and where in its segment it begins. */
  #ahead: { readonly segment: number; readonly offset: number; readonly bytes: Buffer } | undefined

  constructor(folder: string, key: Uint8Array) {
    this.#folder = folder
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

  /** The address of the block that holds a record, found by the headers alone. */
  async find(record: number, extent: Extent): Promise<BlockAddress | undefined> {
    let address: BlockAddress = { segment: 0, offset: 0 }
    for (;;) {
      const at = await this.#settled(address, extent)
      if (!at) return undefined
      const { first, count, payloadBytes } = decodeHeader(await this.#bytes(at, headerBytes))
      if (record < first + count) return at
      address = { segment: at.segment, offset: at.offset + headerBytes + payloadBytes }
    }
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    this.#ahead = undefined
    await open?.file.close()
  }

  /** At the end of a segment the next one begins. */
  async #settled(address: BlockAddress, extent: Extent): Promise<BlockAddress | undefined> {
    const { segment, offset } = address
    if (segment > extent.segment || (segment === extent.segment && offset >= extent.offset)) return undefined
    if (segment === extent.segment) return address
    const { size } = await (await this.#file(segment)).stat()
    return offset < size ? address : this.#settled({ segment: segment + 1, offset: 0 }, extent)
  }

  async #bytes({ segment, offset }: BlockAddress, length: number): Promise<Buffer> {
    const ahead = this.#ahead
    if (ahead && ahead.segment === segment && offset >= ahead.offset) {
      const from = offset - ahead.offset
      if (from + length <= ahead.bytes.length) return ahead.bytes.subarray(from, from + length)
    }
    const bytes = Buffer.allocUnsafe(Math.max(length, chunkBytes))
    const { bytesRead } = await (await this.#file(segment)).read(bytes, 0, bytes.length, offset)
    this.#ahead = { segment, offset, bytes: bytes.subarray(0, bytesRead) }
    return bytes.subarray(0, Math.min(length, bytesRead))
  }

  async #file(segment: number): Promise<FileHandle> {
    if (this.#open?.segment !== segment) {
      await this.#open?.file.close()
      this.#open = undefined
      this.#open = { segment, file: await open(segmentFile(this.#folder, segment), 'r') }
    }
    return this.#open.file
  }
}
