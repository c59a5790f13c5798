import type { ParquetWriter } from 'hyparquet-writer'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { FileRows, FileWriter, Format, Refusal } from './format.ts'

/** Read at random, a slice of a row group at a time; written a row group at a time. The library loads on first use. */
export const parquet: Format = {
  name: 'parquet',
  about: 'Apache Parquet: columns, compressed.',
  extensions: ['parquet'],
  mediaTypes: ['application/vnd.apache.parquet'],
  placeUnit: 'row',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      types: {
        type: 'object',
        additionalProperties: { enum: ['STRING', 'DOUBLE', 'INT64', 'BOOLEAN', 'TIMESTAMP', 'JSON'] },
        description: 'For writing: the columns and their types. Default: what the first records hold.',
      },
    },
  },
  readFile: (file, _options, _limits, signal) => readParquet(file, signal),
  fileWriter: (options, write) =>
    parquetWriter((options.types ?? {}) as { [name: string]: ColumnType }, write),
}

const rowsAtOnce = 5000

async function* readParquet(file: string, signal: AbortSignal): FileRows {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const broken = (error: unknown) =>
    fault('validation', `It is not valid Parquet: ${(error as Error).message}.`)
  try {
    const buffer = await asyncBufferFromFile(file)
    const metadata = await parquetMetadataAsync(buffer)
    let groupStart = 0
    for (const group of metadata.row_groups) {
      const groupEnd = groupStart + Number(group.num_rows)
      for (let rowStart = groupStart; rowStart < groupEnd; rowStart += rowsAtOnce) {
        signal.throwIfAborted()
        const rowEnd = Math.min(rowStart + rowsAtOnce, groupEnd)
        const rows = await parquetReadObjects({
          file: buffer,
          metadata,
          compressors,
          rowStart,
          rowEnd,
        }).catch((error: unknown) => {
          throw broken(error)
        })
        yield rows.map((row, at) => ({ value: plain(row), place: rowStart + at + 1 }))
      }
      groupStart = groupEnd
    }
  } catch (error) {
    signal.throwIfAborted()
    throw (error as { problem?: unknown }).problem ? error : broken(error)
  }
}

/** What JSON can hold: whole numbers that a number cannot hold exactly become texts, bytes base64. */
function plain(value: unknown): Json {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'bigint':
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
        ? Number(value)
        : value.toString()
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'string':
    case 'boolean':
      return value
    default:
  }
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

type ColumnType = 'STRING' | 'DOUBLE' | 'INT64' | 'BOOLEAN' | 'TIMESTAMP' | 'JSON'

/** Rows of one row group: so many are in memory. */
const rowGroup = 20_000

function parquetWriter(
  types: { [name: string]: ColumnType },
  write: (bytes: Uint8Array) => Promise<void>,
): FileWriter {
  let columns: [string, ColumnType][] | undefined
  let rows: JsonObject[] = []
  let started: Promise<Sinks> | undefined

  const begin = async (): Promise<Sinks> => {
    const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer')
    const bytes = new ByteWriter()
    const flush = async () => {
      const taken = bytes.getBytes().slice()
      bytes.index = 0
      if (taken.byteLength > 0) await write(taken)
    }
    const schema = schemaFromColumnData({
      columnData: (columns ?? []).map(([name, type]) => ({ name, data: [], type, nullable: true })),
    })
    return { parquet: new ParquetWriter({ writer: bytes, schema }), flush }
  }
  const writeGroup = async () => {
    const taken = rows
    rows = []
    const { parquet, flush } = await (started ??= begin())
    if (taken.length > 0) {
      await parquet.write({
        columnData: (columns ?? []).map(([name, type]) => ({
          name,
          type,
          nullable: true,
          data: taken.map((row) => stored(row[name], type) as never),
        })),
        rowGroupSize: taken.length,
      })
    }
    await flush()
  }

  return {
    async records(values) {
      columns ??= columnsOf(values, types)
      const refused: Refusal[] = []
      values.forEach((value, index) => {
        const detail = problemOf(value, columns ?? [])
        if (detail === undefined) rows.push(value as JsonObject)
        else refused.push({ index, detail })
      })
      if (rows.length >= rowGroup) await writeGroup()
      return refused
    },
    async end() {
      columns ??= columnsOf([], types)
      await writeGroup()
      const { parquet, flush } = await (started ??= begin())
      await parquet.finish()
      await flush()
    },
  }
}

interface Sinks {
  readonly parquet: ParquetWriter
  flush(): Promise<void>
}

function columnsOf(values: readonly Json[], types: { [name: string]: ColumnType }): [string, ColumnType][] {
  const declared = Object.entries(types)
  if (declared.length > 0) return declared
  const found = new Map<string, ColumnType>()
  for (const value of values) {
    if (!isObject(value)) continue
    for (const [name, member] of Object.entries(value)) {
      const type = typeOf(member)
      const known = found.get(name)
      if (type === undefined || known === type) continue
      // A column of several kinds is kept as JSON; one that was seen only as null takes the first kind that comes.
      found.set(name, known === undefined ? type : 'JSON')
    }
    for (const name of Object.keys(value)) if (!found.has(name)) found.set(name, 'STRING')
  }
  return [...found]
}

function typeOf(value: Json): ColumnType | undefined {
  if (value === null) return undefined
  if (typeof value === 'number') return 'DOUBLE'
  if (typeof value === 'boolean') return 'BOOLEAN'
  return typeof value === 'string' ? 'STRING' : 'JSON'
}

function problemOf(value: Json, columns: readonly [string, ColumnType][]): string | undefined {
  if (!isObject(value)) return 'A row of Parquet is an object of columns.'
  const types = new Map(columns)
  for (const [name, member] of Object.entries(value)) {
    const type = types.get(name)
    if (type === undefined)
      return `There is no column ${JSON.stringify(name)}: declare it in \`parquet.types\`.`
    if (member !== null && !fits(member, type)) return `${name} is not of the column's type ${type}.`
  }
  return undefined
}

function fits(value: Json, type: ColumnType): boolean {
  switch (type) {
    case 'STRING':
      return typeof value === 'string'
    case 'DOUBLE':
      return typeof value === 'number'
    case 'INT64':
      return Number.isSafeInteger(value)
    case 'BOOLEAN':
      return typeof value === 'boolean'
    case 'TIMESTAMP':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value))
    case 'JSON':
      return true
  }
}

function stored(value: Json | undefined, type: ColumnType): unknown {
  if (value === null || value === undefined) return undefined
  if (type === 'INT64') return BigInt(value as number)
  return type === 'TIMESTAMP' ? new Date(value as string) : value
}
