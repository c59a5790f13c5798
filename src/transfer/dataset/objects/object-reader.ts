import { hasCode, SluseError } from '../../../errors.ts'
import { abortWith } from '../../../joined.ts'
import type { BlockAddress } from '../block.ts'
import type { SegmentReader } from '../storage.ts'
import { readParts, type Part } from './manifest.ts'
import { readPart, streamOf, type Objects } from './objects.ts'

/** A part is fetched whole where it is no larger; else piece by piece. */
const pieceBytes = 8 * 1024 * 1024

/** Fetches the parts of segments, the next one while this one is worked on. */
export class ObjectReader implements SegmentReader {
  readonly #objects: Objects
  readonly #closing = new AbortController()
  readonly #letGo: () => void
  /** The parts of the segment that is read now, as far as the database knew them. */
  #known: { readonly segment: number; readonly parts: readonly Part[] } | undefined
  #next: { readonly segment: number; readonly part: Part; readonly content: Promise<Buffer> } | undefined

  constructor(objects: Objects) {
    // That signal outlives many readers.
    this.#letGo = abortWith(this.#closing, objects.signal)
    this.#objects = { ...objects, signal: this.#closing.signal }
  }

  async bytes({ segment, offset }: BlockAddress, length: number): Promise<Buffer> {
    const part = await this.#partAt(segment, offset)
    const from = offset - part.start
    const wanted = Math.min(part.bytes - from, Math.max(length, pieceBytes))
    const next = this.#next
    this.#next = undefined
    try {
      if (next?.segment === segment && next.part.object === part.object) {
        return (await next.content).subarray(from)
      }
      return await readPart(this.#objects, part, from, wanted)
    } catch (error) {
      if (!hasCode(error, 'SLUSE-DATASET-DAMAGED')) throw error
      // What is known of it may be old: another part holds that now.
      this.#known = undefined
      const now = await this.#partAt(segment, offset)
      if (now.object === part.object) throw error
      return readPart(this.#objects, now, offset - now.start, now.bytes - (offset - now.start))
    } finally {
      if (from + wanted === part.bytes) this.#ahead(segment, part)
    }
  }

  async size(segment: number): Promise<number> {
    const last = (await this.#partsOf(segment)).at(-1)
    return last ? last.start + last.bytes : 0
  }

  async close(): Promise<void> {
    this.#letGo()
    this.#closing.abort(new Error('It is not read any more.'))
    this.#next = undefined
  }

  async #partAt(segment: number, offset: number): Promise<Part> {
    const holds = ({ start, bytes }: Part) => offset >= start && offset < start + bytes
    const known = (await this.#partsOf(segment)).find(holds)
    if (known) return known
    // It has grown since.
    this.#known = undefined
    const found = (await this.#partsOf(segment)).find(holds)
    if (found) return found
    const { place, name } = this.#objects
    const detail = `Nobody knows where the segment ${segment} of ${name} goes on at ${offset} in ${place}.`
    throw new SluseError('SLUSE-DATASET-DAMAGED', detail)
  }

  async #partsOf(segment: number): Promise<readonly Part[]> {
    if (this.#known?.segment !== segment) {
      const { database, name } = this.#objects
      this.#known = { segment, parts: await readParts(database, name, streamOf(segment)) }
    }
    return this.#known.parts
  }

  #ahead(segment: number, { start, bytes }: Part): void {
    const part = this.#known?.parts.find((each) => each.start === start + bytes)
    if (!part || part.bytes > pieceBytes) return
    const content = readPart(this.#objects, part, 0, part.bytes)
    // Whoever asks for it is told; nobody may.
    content.catch(() => {})
    this.#next = { segment, part, content }
  }
}
