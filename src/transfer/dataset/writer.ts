import type { KeySet, Statement } from '../../database/index.ts'
import { encodeBlock, type Block, type BlockAddress, type Extent } from './block.ts'
import type { Appender, DatasetStorage } from './storage.ts'

const segmentBytes = 64 * 1024 * 1024

export interface WriterOptions {
  readonly storage: DatasetStorage
  /** `DatasetRow.storage` */
  readonly name: string
  readonly key: Uint8Array
  /** Goes on there: what a crash left beyond it never counts. */
  readonly extent: Extent
  /** A segment that has so many takes no further block. */
  readonly mostBytes?: number
}

/** Appends to the segments of one dataset. One at a time; not durable before `sync`, nor seen before its commit. */
export class DatasetWriter {
  readonly #appender: Appender
  readonly #key: Uint8Array
  readonly #mostBytes: number
  #extent: Extent

  private constructor(appender: Appender, { key, extent, mostBytes = segmentBytes }: WriterOptions) {
    this.#appender = appender
    this.#key = key
    this.#mostBytes = mostBytes
    this.#extent = extent
  }

  static async open(options: WriterOptions): Promise<DatasetWriter> {
    return new DatasetWriter(await options.storage.append(options.name, options.extent), options)
  }

  get extent(): Extent {
    return this.#extent
  }

  /** The block as it will be read, with where it begins. */
  async append(
    given: Pick<Block, 'count' | 'lines' | 'values' | 'origins'>,
  ): Promise<{ at: BlockAddress; block: Block }> {
    if (this.#extent.offset >= this.#mostBytes) await this.#rotate()
    const { segment, offset, records, bytes } = this.#extent
    const encoded = encodeBlock({ ...given, first: records }, this.#key)
    await this.#appender.write(encoded, { segment, offset })
    const next = { segment, offset: offset + encoded.length }
    this.#extent = { ...next, records: records + given.count, bytes: bytes + given.lines.length }
    return { at: { segment, offset }, block: { ...given, first: records, next } }
  }

  /** Makes `extent`, as it is when this is called, durable; the statements must be committed with it. */
  sync(): Promise<readonly Statement[]> {
    return this.#appender.sync()
  }

  keySet(step: number, batch: number): Promise<KeySet> {
    return this.#appender.keySet(step, batch)
  }

  close(): Promise<void> {
    return this.#appender.close()
  }

  async #rotate(): Promise<void> {
    const segment = this.#extent.segment + 1
    await this.#appender.begin(segment)
    this.#extent = { ...this.#extent, segment, offset: 0 }
  }
}
