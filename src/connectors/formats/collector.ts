import { problem, type Json } from '../../workflow/index.ts'
import type { BadRecord } from '../connector.ts'
import type { Sink } from './format.ts'

/** Most characters of what cannot be read that are kept for people. */
export const mostRaw = 64_000

export interface CollectedBatch {
  readonly records: readonly Json[]
  /** Of each record. */
  readonly places: readonly number[]
  readonly bad: readonly BadRecord[]
  /** How much was found up to here, in records and bad ones together. */
  readonly done: number
}

/** Cuts what a parser finds into batches, and leaves out the first `skip` of it. */
export class Collector implements Sink {
  readonly #size: number
  readonly #skip: number
  readonly #origin: (place: number) => string
  #records: Json[] = []
  #places: number[] = []
  #bad: BadRecord[] = []
  #done = 0
  #full: CollectedBatch[] = []

  constructor(size: number, skip: number, origin: (place: number) => string) {
    this.#size = size
    this.#skip = skip
    this.#origin = origin
  }

  /** Records and bad ones together, skipped ones included. */
  get done(): number {
    return this.#done
  }

  record(value: Json, place: number): void {
    this.#done += 1
    if (this.#done <= this.#skip) return
    this.#records.push(value)
    this.#places.push(place)
    if (this.#records.length + this.#bad.length >= this.#size) this.#cut()
  }

  bad(raw: string, place: number, detail: string): void {
    this.#done += 1
    if (this.#done <= this.#skip) return
    const origin = this.#origin(place)
    this.#bad.push({
      raw: raw.slice(0, mostRaw),
      origin,
      problem: problem('validation', `${origin}: ${detail}`),
    })
    if (this.#records.length + this.#bad.length >= this.#size) this.#cut()
  }

  /** The batches that are full. */
  take(): CollectedBatch[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** What is left over: the last batch, which need not be full. */
  rest(): CollectedBatch[] {
    if (this.#records.length + this.#bad.length > 0) this.#cut()
    return this.take()
  }

  #cut(): void {
    this.#full.push({ records: this.#records, places: this.#places, bad: this.#bad, done: this.#done })
    this.#records = []
    this.#places = []
    this.#bad = []
  }
}
