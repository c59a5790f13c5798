import type { JsonObject } from '../../workflow/index.ts'
import { columnSchema, headerOptions, readColumn, type Column } from './columns.ts'
import { csvParser } from './csv-read.ts'
import { csvWriter } from './csv-write.ts'
import type { Format } from './format.ts'

export interface CsvOptions {
  readonly delimiter: string
  readonly quote: string
  readonly header: boolean
  readonly names: readonly string[] | undefined
  readonly columns: { readonly [name: string]: Column }
  readonly skipLines: number
  readonly trim: boolean
  readonly lineEnd: '\n' | '\r\n'
}

export const csv: Format = {
  name: 'csv',
  about: 'Comma-separated values (RFC 4180), with a delimiter, quote and column types as declared.',
  extensions: ['csv', 'tsv', 'txt'],
  mediaTypes: ['text/csv', 'application/csv', 'text/tab-separated-values'],
  placeUnit: 'line',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      delimiter: {
        type: 'string',
        minLength: 1,
        maxLength: 1,
        default: ',',
        description: 'Danish Excel writes `;`.',
      },
      quote: { type: 'string', minLength: 1, maxLength: 1, default: '"' },
      ...headerOptions,
      columns: {
        type: 'object',
        additionalProperties: columnSchema,
        description: 'What the texts of a column stand for; a column that is not here is text.',
      },
      skipLines: {
        type: 'integer',
        minimum: 0,
        maximum: 1000,
        default: 0,
        description: 'Lines before the header.',
      },
      trim: {
        type: 'boolean',
        default: false,
        description: 'Leave out blanks around fields that are not quoted.',
      },
      lineEnd: { enum: ['lf', 'crlf'], default: 'lf', description: 'For writing.' },
    },
  },
  parser: (options, sink, limits) => csvParser(readCsvOptions(options), sink, limits),
  textWriter: (options) => csvWriter(readCsvOptions(options)),
}

export function readCsvOptions(given: JsonObject): CsvOptions {
  const columns = Object.entries((given.columns ?? {}) as { [name: string]: JsonObject })
  return {
    delimiter: (given.delimiter as string | undefined) ?? ',',
    quote: (given.quote as string | undefined) ?? '"',
    header: (given.header as boolean | undefined) ?? true,
    names: given.names as string[] | undefined,
    columns: Object.fromEntries(columns.map(([name, column]) => [name, readColumn(column)])),
    skipLines: (given.skipLines as number | undefined) ?? 0,
    trim: (given.trim as boolean | undefined) ?? false,
    lineEnd: given.lineEnd === 'crlf' ? '\r\n' : '\n',
  }
}
