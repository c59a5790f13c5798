import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeBlock, type Block, type BlockAddress } from './block.ts'

/** Up to where a dataset is written. */
export interface Extent extends BlockAddress {
  readonly records: number
  /** Of all records as newline-delimited JSON, before compression. */
  readonly bytes: number
}

export const segmentBytes = 64 * 1024 * 1024

/** Appends to the segments of one dataset. One at a time; not durable before `sync`. */
export class DatasetWriter {
  readonly #folder: string
  readonly #key: Uint8Array
  readonly #mostBytes: number
  #file: FileHandle
  #extent: Extent

  private constructor(folder: string, key: Uint8Array, mostBytes: number, file: FileHandle, extent: Extent) {
    this.#folder = folder
    this.#key = key
    this.#mostBytes = mostBytes
    this.#file = file
    this.#extent = extent
  }

  /** Goes on at `extent`: what a crash left beyond it is cut off. */
  static async open(
    folder: string,
    key: Uint8Array,
    extent: Extent,
    mostBytes = segmentBytes,
  ): Promise<DatasetWriter> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(folder)) {
      if (name.endsWith('.seg') && Number.parseInt(name, 10) > extent.segment) await rm(join(folder, name))
    }
    const file = await openSegment(folder, extent.segment)
    await file.truncate(extent.offset)
    await syncFolder(folder)
    return new DatasetWriter(folder, key, mostBytes, file, extent)
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
    let written = 0
    while (written < encoded.length) {
      const { bytesWritten } = await this.#file.write(
        encoded,
        written,
        encoded.length - written,
        offset + written,
      )
      written += bytesWritten
    }
    const next = { segment, offset: offset + encoded.length }
    this.#extent = { ...next, records: records + given.count, bytes: bytes + given.lines.length }
    return { at: { segment, offset }, block: { ...given, first: records, next } }
  }

  async sync(): Promise<void> {
    await this.#file.datasync()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #rotate(): Promise<void> {
    await this.#file.datasync()
    await this.#file.close()
    const segment = this.#extent.segment + 1
    this.#file = await openSegment(this.#folder, segment)
    await syncFolder(this.#folder)
    this.#extent = { ...this.#extent, segment, offset: 0 }
  }
}

export function segmentFile(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.seg`)
}

async function openSegment(folder: string, segment: number): Promise<FileHandle> {
  const path = segmentFile(folder, segment)
  return open(path, 'r+').catch(() => open(path, 'w+', 0o600))
}

/** Until then a power cut may take a new file's name away. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
