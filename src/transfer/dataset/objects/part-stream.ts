import { randomBytes } from 'node:crypto'
import type { Part } from './manifest.ts'

/** A part that is about to be written. */
export interface NewPart extends Part {
  readonly content: Buffer
  /** How many of the last parts it takes the place of, as it holds what they held. */
  readonly replaced: number
}

/** So large a part is left as it is. */
const enoughBytes = 1024 * 1024

/**
 * Cuts what is appended into parts. A source that trickles would leave thousands of small ones: so a part takes up
 * those before it that are no larger than itself. Each byte is written again but a few times then, and of parts under
 * a megabyte there are no more than about twenty in a row.
 */
export class PartStream {
  readonly stream: string
  #start: number
  #held: Uint8Array[] = []
  /** The last parts, each larger than the next, with what is in them. */
  #last: { readonly start: number; readonly content: Buffer }[] = []

  constructor(stream: string, start: number) {
    this.stream = stream
    this.#start = start
  }

  take(bytes: Uint8Array): void {
    this.#held.push(bytes)
  }

  /** What was taken since the last time; `undefined` where that is nothing. */
  cut(): NewPart | undefined {
    if (this.#held.length === 0) return undefined
    let content = Buffer.concat(this.#held)
    const end = this.#start + content.length
    let replaced = 0
    for (;;) {
      const before = this.#last.at(-1)
      if (!before || before.content.length > content.length) break
      if (before.content.length + content.length > enoughBytes) break
      content = Buffer.concat([before.content, content])
      this.#last.pop()
      replaced += 1
    }
    const start = end - content.length
    if (content.length < enoughBytes) this.#last.push({ start, content })
    else this.#last = []
    this.#held = []
    this.#start = end
    // Never the same name twice: an object that is there is never written over, whoever else is at it.
    const object = `${this.stream}/${String(start).padStart(12, '0')}-${randomBytes(9).toString('base64url')}`
    return { start, bytes: content.length, object, content, replaced }
  }
}
