import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeySet, Statement } from '../../../database/index.ts'
import type { Extent } from '../block.ts'
import type { Appender } from '../storage.ts'
import { putPart } from './manifest.ts'
import { streamOf, type Objects } from './objects.ts'
import { PartStream, type NewPart } from './part-stream.ts'
import { lengthOf, openSeenKeys } from './seen-keys.ts'

/** Keeps what is appended in memory, until `sync` makes an object of it. */
export class ObjectAppender implements Appender {
  readonly #objects: Objects
  readonly #cacheFolder: string
  readonly #streams: PartStream[] = []
  #segment: PartStream

  constructor(objects: Objects, { segment, offset }: Extent, cacheFolder: string) {
    this.#objects = objects
    this.#cacheFolder = cacheFolder
    this.#segment = this.#stream(streamOf(segment), offset)
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#segment.take(bytes)
  }

  async begin(segment: number): Promise<void> {
    this.#segment = this.#stream(streamOf(segment), 0)
  }

  async sync(): Promise<readonly Statement[]> {
    // Before anything else is waited for: what comes from now on is another part's.
    const cuts = this.#streams.map((each) => ({ stream: each.stream, part: each.cut() }))
    const older = this.#streams.filter((each) => isSegment(each) && each !== this.#segment)
    for (const each of older) this.#streams.splice(this.#streams.indexOf(each), 1)
    const written = await Promise.all(
      cuts.map(async ({ stream, part }) => {
        if (!part) return []
        await this.#put(part)
        return putPart(this.#objects.name, stream, part, part.replaced)
      }),
    )
    return written.flat()
  }

  async keySet(step: number): Promise<KeySet> {
    await mkdir(this.#cacheFolder, { recursive: true, mode: 0o700 })
    const name = `seen-${step}`
    const log = this.#stream(name, await lengthOf(this.#objects, name))
    return openSeenKeys(this.#objects, name, join(this.#cacheFolder, `${name}.db`), (bytes) =>
      log.take(bytes),
    )
  }

  async close(): Promise<void> {
    await rm(this.#cacheFolder, { recursive: true, force: true })
  }

  #stream(name: string, start: number): PartStream {
    const stream = new PartStream(name, start)
    this.#streams.push(stream)
    return stream
  }

  async #put({ object, content }: NewPart): Promise<void> {
    const { client, prefix, signal } = this.#objects
    await client.send('PUT', `${prefix}${object}`, { body: content, signal })
  }
}

function isSegment({ stream }: PartStream): boolean {
  return /^\d+$/.test(stream)
}
