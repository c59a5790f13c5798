import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { problem, problemOf, type Json } from '../../workflow/index.ts'
import type { WriteResult } from '../connector.ts'
import type { Refusal, TextWriter } from './format.ts'
import type { PlainOptions } from './options.ts'
import { encodeText, type Encoding } from './text.ts'

export interface DocumentWriter {
  /** Hands the bytes of records over; tells which the format cannot hold. */
  write(values: readonly Json[]): Promise<WriteResult['refused']>
  end(): Promise<void>
  /** Small; given to a new writer, that one goes on where this one is. Of a `resumable` writer alone. */
  state(): Json
}

export interface DocumentTarget {
  /** Takes bytes in order; resolves once it wants more. */
  readonly write: (bytes: Uint8Array) => Promise<void>
  /** What `state` gave; the bytes up to then are there already. */
  readonly state?: Json
  /** There is content before: no beginning of its own is written. */
  readonly appending?: boolean
}

/** Whether a document of this kind can be gone on with after a crash: text can, as its bytes come as its records do. */
export const isResumable = (options: PlainOptions): boolean => options.format.textWriter !== undefined

/** Whether records can be added to a document that is there. */
export const canAppend = (options: PlainOptions): boolean =>
  options.format.textWriter?.(options.own).appends ?? false

export function createDocumentWriter(options: PlainOptions, target: DocumentTarget): DocumentWriter {
  const { format, own } = options
  // A gzip file may be many in a row: one for each batch can be gone on with, and added to.
  const write =
    options.compression === 'gzip'
      ? async (bytes: Uint8Array) => target.write(await pack(bytes))
      : target.write
  if (format.textWriter)
    return textDocument(format.textWriter(own), options.encoding ?? 'utf-8', { ...target, write })
  const writer = format.fileWriter?.(own, target.write)
  if (!writer) throw new Error(`${format.name} cannot be written.`)
  return {
    write: async (values) => shown(await writer.records(values)),
    end: () => writer.end(),
    state: () => null,
  }
}

const pack = promisify<Uint8Array, Uint8Array>(gzip)

function textDocument(writer: TextWriter, encoding: Encoding, target: DocumentTarget): DocumentWriter {
  let begun = false
  const state = target.state
  if (Array.isArray(state)) {
    begun = true
    writer.resume(state[0] ?? null)
  }
  const begin = (values: readonly Json[]): string => {
    if (begun) return ''
    begun = true
    const start = writer.begin(values)
    return target.appending ? '' : start
  }
  return {
    async write(values) {
      const start = encodeText(begin(values), encoding)
      const { bytes, refused } =
        encoding === 'utf-8' ? atOnce(writer, values) : oneByOne(writer, values, encoding)
      const all = start.byteLength === 0 ? bytes : Buffer.concat([start, bytes])
      if (all.byteLength > 0) await target.write(all)
      return shown(refused)
    },
    async end() {
      const text = begin([]) + writer.end()
      if (text !== '') await target.write(encodeText(text, encoding))
    },
    state: () => (begun ? [writer.state] : null),
  }
}

function atOnce(writer: TextWriter, values: readonly Json[]) {
  const { text, refused } = writer.records(values)
  return { bytes: Buffer.from(text) as Uint8Array, refused }
}

/** A record with a character that the encoding lacks is refused; the others are not. */
function oneByOne(writer: TextWriter, values: readonly Json[], encoding: Encoding) {
  const pieces: Uint8Array[] = []
  const refused: Refusal[] = []
  values.forEach((value, index) => {
    const before = writer.state
    const one = writer.records([value])
    if (one.refused[0]) {
      refused.push({ index, detail: one.refused[0].detail })
      return
    }
    try {
      pieces.push(encodeText(one.text, encoding))
    } catch (error) {
      writer.resume(before)
      refused.push({ index, detail: problemOf(error)?.detail ?? String(error) })
    }
  })
  return { bytes: Buffer.concat(pieces) as Uint8Array, refused }
}

const shown = (refused: readonly Refusal[]): WriteResult['refused'] =>
  refused.map(({ index, detail }) => ({ index, problem: problem('validation', detail) }))
