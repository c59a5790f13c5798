import { tmpdir } from 'node:os'
import type { Json, JsonObject } from '../../workflow/index.ts'
import type { BadRecord } from '../connector.ts'
import {
  createDocumentWriter,
  documentOptions,
  plainOptions,
  readDocument,
  type ReadLimits,
} from '../formats/index.ts'

export interface ReadOptions {
  readonly name?: string
  readonly skip?: number
  readonly batchSize?: number
  readonly limits?: ReadLimits
}

export interface Found {
  records: Json[]
  origins: string[]
  bad: BadRecord[]
}

/** Reads a document given in pieces. */
export async function readAll(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: JsonObject,
  { name = 'data', skip = 0, batchSize = 1000, limits }: ReadOptions = {},
): Promise<Found> {
  const found: Found = { records: [], origins: [], bad: [] }
  const bytes = async function* () {
    yield* pieces
  }
  const request = {
    batchSize,
    skip,
    signal: new AbortController().signal,
    dataFolder: tmpdir(),
    ...(limits && { limits }),
  }
  for await (const batch of readDocument({ name, bytes }, documentOptions(options, name), request)) {
    found.records.push(...batch.records)
    found.origins.push(...batch.records.map((_, index) => batch.origin(index)))
    found.bad.push(...batch.bad)
  }
  return found
}

/** Reads a document that is a text, or bytes. */
export const readText = (content: string | Uint8Array, options: JsonObject, more?: ReadOptions) =>
  readAll([Buffer.from(content as string)], options, more)

/** Writes a document, in batches. */
export async function writeAll(
  batches: readonly Json[][],
  options: JsonObject,
  name = 'data',
): Promise<{ bytes: Buffer; refused: string[] }> {
  const pieces: Uint8Array[] = []
  const refused: string[] = []
  const writer = createDocumentWriter(plainOptions(options, name), {
    write: async (bytes) => void pieces.push(Buffer.from(bytes)),
  })
  for (const batch of batches) {
    for (const { problem } of await writer.write(batch)) refused.push(problem.detail ?? '')
  }
  await writer.end()
  return { bytes: Buffer.concat(pieces), refused }
}

/** The same bytes cut at these places. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return sorted.slice(1).map((end, at) => bytes.subarray(sorted[at], end))
}
