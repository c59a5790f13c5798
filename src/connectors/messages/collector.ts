import type { Json, JsonObject } from '../../workflow/index.ts'
import type { BadRecord, SourceBatch } from '../connector.ts'
import { recordOf, type Message } from './payload.ts'

/** Gathers messages into batches: what is no record is among the bad ones. */
export class MessageCollector {
  readonly #options: JsonObject
  #records: Json[] = []
  #origins: string[] = []
  #bad: BadRecord[] = []

  constructor(options: JsonObject) {
    this.#options = options
  }

  /** Records and bad ones since the last cut. */
  get size(): number {
    return this.#records.length + this.#bad.length
  }

  add(message: Message, origin: string): void {
    const found = recordOf(message, this.#options)
    if ('value' in found) {
      this.#records.push(found.value)
      this.#origins.push(origin)
    } else this.#bad.push({ ...found, origin })
  }

  /** All since the last cut, as a batch after which a read goes on at `position`. */
  cut(position: Json): SourceBatch {
    const [records, origins, bad] = [this.#records, this.#origins, this.#bad]
    this.#records = []
    this.#origins = []
    this.#bad = []
    return { records, origin: (index) => origins[index] ?? '', bad, position }
  }
}
