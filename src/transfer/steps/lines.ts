import { isUtf8 } from 'node:buffer'
import { problem, type Json } from '../../workflow/index.ts'
import { protectRecord, type PersonalData } from '../personal.ts'
import { runPure } from './pure.ts'
import type { Failed, Flow, Step } from './step.ts'

/** A batch on its way in: lines that are not parsed yet, or records. */
export type Given = { readonly lines: Uint8Array } | { readonly records: readonly Json[] }

export interface LineWork {
  readonly steps: readonly Step[]
  readonly personal?: PersonalData | undefined
  readonly key: Uint8Array
}

/** A batch as it is staged. */
export interface Made {
  readonly lines: Uint8Array
  /** What the lines say; absent where they were made in another thread. */
  readonly values?: readonly Json[]
  readonly count: number
  /** Of each line, from which record of the batch it was made; absent where the n-th is from the n-th. */
  readonly of?: number[]
  readonly failed: Failed[]
}

/** Does everything to a batch that needs no more than the batch: parse, pure steps, protect, write down. */
export function makeLines(given: Given, work: LineWork): Made {
  const failed: Failed[] = []
  const flow = runPure(flowOf(given, failed), work.steps, 0, failed)
  return { ...writeLines(flow, work), failed }
}

/** The records of a batch; a line that is no record is among `failed`. */
export function flowOf(given: Given, failed: Failed[]): Flow {
  if ('records' in given) {
    return { values: [...given.records], of: given.records.map((_, index) => index) }
  }
  const bytes = Buffer.from(given.lines.buffer, given.lines.byteOffset, given.lines.byteLength)
  const sound = isUtf8(bytes)
  const values: Json[] = []
  const of: number[] = []
  const texts = bytes.toString('utf8').split('\n')
  // Every line is ended by a newline: what follows the last is nothing.
  texts.pop()
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index] as string
    // Where a byte was no UTF-8 there is a replacement character now, and the record is not what was sent.
    if (!sound && text.includes('\ufffd')) {
      const detail = 'The line is not UTF-8.'
      failed.push({ index, body: text.slice(0, mostRaw), problem: problem('validation', detail) })
      continue
    }
    try {
      values.push(JSON.parse(text) as Json)
      of.push(index)
    } catch (error) {
      const detail = `The line is not JSON: ${reason(error)}.`
      failed.push({ index, body: text.slice(0, mostRaw), problem: problem('validation', detail) })
    }
  }
  return { values, of }
}

const mostRaw = 64 * 1024

/** The parser repeats what it read, which may be personal: only where it stopped is said. */
function reason(error: unknown): string {
  const at = /position (\d+)/.exec((error as Error).message)?.[1]
  return at === undefined ? 'it ends too early' : `unexpected character at position ${at}`
}

export function writeLines({ values, of }: Flow, { personal, key }: LineWork): Omit<Made, 'failed'> {
  const kept = personal ? values.map((value) => protectRecord(value, personal, key)) : values
  let text = ''
  let plain = true
  for (let index = 0; index < kept.length; index++) {
    text += `${JSON.stringify(kept[index])}\n`
    if (of[index] !== index) plain = false
  }
  return { lines: Buffer.from(text), values: kept, count: kept.length, ...(!plain && { of }) }
}
