import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import {
  constants,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { join } from 'node:path'
import { openKeySet, syncToDisk } from '../../database/index.ts'
import type { BlockAddress, Extent } from './block.ts'
import type { Appender, DatasetStorage, Pace, SegmentReader } from './storage.ts'

const pace: Pace = { firstMs: 20, everyMs: 200, everyBytes: 2 * 1024 * 1024 }
const chunkBytes = 256 * 1024
/** One that is being received has no row yet. */
const strayAfterMs = 3_600_000

/** A folder for each dataset, a file for each segment. */
export function folderStorage(folder: string): DatasetStorage {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const remove = (name: string) => rm(join(folder, name), { recursive: true, force: true })
  return {
    place: `the folder ${folder}`,
    pace,
    append: (name, extent) => FileAppender.open(join(folder, name), extent),
    read: (name) => new FileReader(join(folder, name)),
    remove,
    async *sweep(isKnown, now) {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (!entry.isDirectory() || (await isKnown(entry.name))) continue
        const { birthtimeMs } = await stat(join(folder, entry.name))
        if (now - birthtimeMs < strayAfterMs) continue
        yield entry.name
        await remove(entry.name)
      }
    },
    async check() {
      const file = join(folder, `.check-${process.pid}`)
      try {
        await writeFile(file, 'sluse', { flush: true })
        if ((await readFile(file, 'utf8')) !== 'sluse') throw new Error(`${file} is not as it was written.`)
      } finally {
        await rm(file, { force: true })
      }
      return `Datasets can be written, read and removed in ${folder}.`
    },
    close: async () => {},
  }
}

class FileAppender implements Appender {
  readonly #folder: string
  #file: FileHandle

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder
    this.#file = file
  }

  /**
   * What a crash left beyond the extent is not there any more. The last segment becomes another file: whoever wrote
   * before, stood still and wakes up writes into one that nobody reads.
   */
  static async open(folder: string, extent: Extent): Promise<FileAppender> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { segment, offset } = extent
    const kept = offset > 0 ? segment : segment - 1
    for (const name of await readdir(folder)) {
      const isBeyond = name.endsWith('.seg') && Number.parseInt(name, 10) > kept
      if (isBeyond || name.includes('.seg.')) await rm(join(folder, name))
    }
    const file = offset > 0 ? await copySegment(folder, extent) : await newSegment(folder, segment)
    await syncToDisk(folder)
    return new FileAppender(folder, file)
  }

  async write(bytes: Uint8Array, { offset }: BlockAddress): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const left = bytes.length - written
      const { bytesWritten } = await this.#file.write(bytes, written, left, offset + written)
      written += bytesWritten
    }
  }

  async begin(segment: number): Promise<void> {
    await this.#file.datasync()
    await this.#file.close()
    this.#file = await newSegment(this.#folder, segment)
    await syncToDisk(this.#folder)
  }

  async sync(): Promise<[]> {
    await this.#file.datasync()
    return []
  }

  async keySet(step: number, batch: number) {
    return openKeySet(join(this.#folder, `seen-${step}.db`), batch)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

class FileReader implements SegmentReader {
  readonly #folder: string
  #open: { readonly segment: number; readonly file: FileHandle } | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  async bytes({ segment, offset }: BlockAddress, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.max(length, chunkBytes))
    const { bytesRead } = await (await this.#file(segment)).read(bytes, 0, bytes.length, offset)
    return bytes.subarray(0, bytesRead)
  }

  async size(segment: number): Promise<number> {
    return (await (await this.#file(segment)).stat()).size
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.file.close()
  }

  async #file(segment: number): Promise<FileHandle> {
    if (this.#open?.segment !== segment) {
      await this.close()
      this.#open = { segment, file: await open(segmentFile(this.#folder, segment), 'r') }
    }
    return this.#open.file
  }
}

function segmentFile(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.seg`)
}

/** Fails where there is one: then it is another's, who writes this dataset as well. */
function newSegment(folder: string, segment: number): Promise<FileHandle> {
  return open(segmentFile(folder, segment), 'wx+', 0o600)
}

/** The segment as far as it is durable, under its name. */
async function copySegment(folder: string, { segment, offset }: Extent): Promise<FileHandle> {
  const path = segmentFile(folder, segment)
  const copy = `${path}.${randomUUID()}`
  await copyFile(path, copy, constants.COPYFILE_FICLONE)
  const file = await open(copy, 'r+')
  try {
    await file.chmod(0o600)
    await file.truncate(offset)
    await file.sync()
    await rename(copy, path)
    return file
  } catch (error) {
    await file.close()
    await rm(copy, { force: true })
    throw error
  }
}
