import { mkdtemp, rm } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fault, problemOf, WorkflowFault, type Json } from '../../workflow/index.ts'
import type { BadRecord } from '../connector.ts'
import { Collector, type CollectedBatch } from './collector.ts'
import { gunzip } from './compression.ts'
import { readLimits, type Format, type ReadLimits } from './format.ts'
import type { DocumentOptions, PlainOptions, ZipOptions } from './options.ts'
import { createDecoder, encodings, type Encoding } from './text.ts'
import { declaredEncoding } from './xml-read.ts'
import { openZip } from './zip.ts'

/** Something to read records from: a file, an object, the body of an answer. */
export interface Document {
  /** For people, and to tell format and compression by. */
  readonly name: string
  bytes(): AsyncIterable<Uint8Array>
  /** Its own file on this machine, where it is one; else one is made while it is read, where the format needs it. */
  readonly file?: string
}

export interface DocumentRequest {
  readonly batchSize: number
  /** How many records and bad ones to leave out: those that were read before. */
  readonly skip: number
  readonly signal: AbortSignal
  /** Absolute; for temporary files. */
  readonly dataFolder: string
  readonly limits?: ReadLimits
}

export interface DocumentBatch {
  readonly records: readonly Json[]
  origin(index: number): string
  readonly bad: readonly BadRecord[]
  /** Records and bad ones up to here: the `skip` with which to go on. */
  readonly done: number
  /** Bytes of the document that were taken so far, packed as they are. */
  readonly bytes: number
}

/**
 * Reads a document in batches, whatever its size. Throws a `validation` fault that names the document where it, or
 * what is left of it, cannot be read.
 */
export async function* readDocument(
  document: Document,
  options: DocumentOptions,
  request: DocumentRequest,
): AsyncGenerator<DocumentBatch> {
  try {
    if (options.compression === 'zip') yield* readZip(document, options, request)
    else yield* readOne(document, options, request)
  } catch (error) {
    throw named(error, document.name)
  }
}

async function* readOne(
  document: Document,
  options: PlainOptions,
  request: DocumentRequest,
  /** Told at the end how much there was, what was skipped included. */
  onEnd?: (done: number) => void,
): AsyncGenerator<DocumentBatch> {
  const { format } = options
  const progress = { bytes: 0 }
  const plain = () => {
    const counted = count(document.bytes(), progress, request.signal)
    return options.compression === 'gzip' ? gunzip(counted) : counted
  }
  const origin = (place: number) =>
    format.placeUnit === 'line'
      ? `${document.name}:${place}`
      : `${document.name}, ${format.placeUnit} ${place}`
  const collector = new Collector(request.batchSize, request.skip, origin)
  const found = format.parser
    ? parseText(format, options, document.name, plain(), collector, request.limits ?? readLimits)
    : readRows(format, options, document, plain, collector, request)
  for await (const batch of found) {
    request.signal.throwIfAborted()
    yield {
      records: batch.records,
      origin: (index) => origin(batch.places[index] as number),
      bad: batch.bad,
      done: batch.done,
      bytes: progress.bytes,
    }
  }
  onEnd?.(collector.done)
}

async function* parseText(
  format: Format,
  options: PlainOptions,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  collector: Collector,
  limits: ReadLimits,
): AsyncGenerator<CollectedBatch> {
  const parser = format.parser?.(options.own, collector, limits)
  if (!parser) return
  let decoder: ReturnType<typeof createDecoder> | undefined
  for await (const chunk of bytes) {
    decoder ??= createDecoder(options.encoding ?? encodingOf(format, chunk), name)
    parser.write(decoder.write(chunk))
    yield* collector.take()
  }
  if (decoder) parser.write(decoder.end())
  parser.end()
  yield* collector.rest()
}

/** XML says itself what it is in. */
function encodingOf(format: Format, start: Uint8Array): Encoding {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  const declared = format.name === 'xml' ? declaredEncoding(start) : undefined
  if (declared === undefined || declared === 'utf8' || declared === 'us-ascii') return 'utf-8'
  const known = encodings.find((each) => each === (declared === 'latin1' ? 'iso-8859-1' : declared))
  if (known) return known
  throw fault(
    'validation',
    `It declares the encoding ${declared}, which is not read. Known: ${encodings.join(', ')}.`,
  )
}

async function* readRows(
  format: Format,
  options: PlainOptions,
  document: Document,
  plain: () => AsyncIterable<Uint8Array>,
  collector: Collector,
  request: DocumentRequest,
): AsyncGenerator<CollectedBatch> {
  const packed = options.compression !== 'none'
  const { file, release } = await onDisk(document, plain, packed, request)
  try {
    const rows = format.readFile?.(file, options.own, request.limits ?? readLimits, request.signal)
    if (!rows) return
    for await (const some of rows) {
      for (const { value, place, detail } of some) {
        if (detail === undefined) collector.record(value, place)
        else collector.bad(JSON.stringify(value), place, detail)
      }
      yield* collector.take()
    }
    yield* collector.rest()
  } finally {
    await release()
  }
}

/** The files of a zip one after the other, counted as one. */
async function* readZip(
  document: Document,
  options: ZipOptions,
  request: DocumentRequest,
): AsyncGenerator<DocumentBatch> {
  const { file, release } = await onDisk(document, document.bytes, false, request)
  try {
    const zip = await openZip(file)
    try {
      const chosen = zip.entries.filter(({ name }) => options.chosen(name))
      if (chosen.length === 0) {
        const there = zip.entries.slice(0, 5).map(({ name }) => name)
        throw fault(
          'validation',
          `The zip holds no file that is asked for. It holds: ${there.join(', ') || 'nothing'}.`,
        )
      }
      let before = 0
      for (const entry of chosen) {
        const inner = options.of(entry.name)
        const part: Document = { name: `${document.name}/${entry.name}`, bytes: () => entry.bytes() }
        const skip = Math.max(0, request.skip - before)
        const earlier = before
        const batches = readOne(part, inner, { ...request, skip }, (done) => (before += done))
        for await (const batch of batches) yield { ...batch, done: earlier + batch.done }
      }
    } finally {
      zip.close()
    }
  } finally {
    await release()
  }
}

async function onDisk(
  document: Document,
  bytes: () => AsyncIterable<Uint8Array>,
  packed: boolean,
  { dataFolder, signal }: DocumentRequest,
): Promise<{ file: string; release(): Promise<void> }> {
  if (document.file !== undefined && !packed) return { file: document.file, release: async () => {} }
  const folder = await mkdtemp(join(dataFolder, 'read-'))
  const file = join(folder, 'document')
  const release = () => rm(folder, { recursive: true, force: true })
  try {
    await pipeline(Readable.from(bytes(), { objectMode: false }), createWriteStream(file, { mode: 0o600 }), {
      signal,
    })
    return { file, release }
  } catch (error) {
    await release()
    throw error
  }
}

async function* count(
  bytes: AsyncIterable<Uint8Array>,
  progress: { bytes: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    signal.throwIfAborted()
    progress.bytes += chunk.byteLength
    yield chunk
  }
}

/** A fault of a format says what is wrong, not where: the name of the document goes before it. */
function named(error: unknown, name: string): unknown {
  const problem = problemOf(error)
  if (!problem || problem.detail === undefined || problem.detail.startsWith(name)) return error
  return new WorkflowFault({ ...problem, detail: `${name}: ${problem.detail}` })
}
