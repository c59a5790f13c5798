import type { Json, JsonObject } from '../../workflow/index.ts'

/**
 * How records are written down in bytes. One file (or two: reading and writing) per format; `index.ts` lists them,
 * and puts them together with encodings and compression.
 */
export interface Format {
  readonly name: FormatName
  /** For people, one sentence. */
  readonly about: string
  readonly extensions: readonly string[]
  readonly mediaTypes: readonly string[]
  /** What a record's place is counted in: `betalinger.csv:17` is line 17. */
  readonly placeUnit: 'line' | 'row' | 'item'
  /** JSON Schema of the options under the format's own name. */
  readonly options: JsonObject
  /** Reads text as it comes, in pieces cut anywhere. */
  readonly parser?: (options: JsonObject, sink: Sink, limits: ReadLimits) => TextParser
  /** Reads a local file from wherever it likes: for formats that have their index at the end. */
  readonly readFile?: (file: string, options: JsonObject, limits: ReadLimits, signal: AbortSignal) => FileRows
  /** Text, for formats that are text: the caller encodes it. */
  readonly textWriter?: (options: JsonObject) => TextWriter
  /** Bytes, for formats that are none. */
  readonly fileWriter?: (options: JsonObject, write: (bytes: Uint8Array) => Promise<void>) => FileWriter
}

export const formatNames = ['csv', 'json', 'ndjson', 'xml', 'excel', 'parquet'] as const
export type FormatName = (typeof formatNames)[number]

/** Rows with their number, in pieces of some; `detail` says why a row cannot be read. */
export type FileRows = AsyncIterable<
  readonly { readonly value: Json; readonly place: number; readonly detail?: string }[]
>

export interface TextParser {
  /** Gives the sink all that became whole. Throws a fault where nothing after it can be trusted. */
  write(text: string): void
  end(): void
}

/** Where a parser puts what it finds, in order. */
export interface Sink {
  record(value: Json, place: number): void
  /** It cannot be read as a record; what follows it can. */
  bad(raw: string, place: number, detail: string): void
}

export interface ReadLimits {
  /** Most characters that one record may take: what is longer is an error before it is in memory. */
  readonly maxRecordSize: number
  /** Most levels that a record may nest. */
  readonly maxDepth: number
}

export const readLimits: ReadLimits = { maxRecordSize: 16_000_000, maxDepth: 200 }

export interface TextWriter {
  /** What comes before the first record; needs it, as columns come from it where none are declared. */
  begin(first: readonly Json[]): string
  /** Problem in a sentence for a record that the format cannot hold; else its text goes into the result. */
  records(values: readonly Json[]): { readonly text: string; readonly refused: readonly Refusal[] }
  end(): string
  /** Small; with it a writer made anew goes on where this one is. */
  readonly state: Json
  resume(state: Json): void
  /** Records can be added to a document that is already there. */
  readonly appends: boolean
}

export interface Refusal {
  readonly index: number
  readonly detail: string
}

export interface FileWriter {
  records(values: readonly Json[]): Promise<readonly Refusal[]>
  end(): Promise<void>
}
