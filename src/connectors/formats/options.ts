import picomatch from 'picomatch'
import { fault, isObject, type JsonObject } from '../../workflow/index.ts'
import { csv } from './csv.ts'
import { excel } from './excel.ts'
import { formatNames, type Format, type FormatName } from './format.ts'
import { json } from './json.ts'
import { ndjson } from './ndjson.ts'
import { parquet } from './parquet.ts'
import { encodings, type Encoding } from './text.ts'
import { xml } from './xml.ts'

export const formats: { readonly [name in FormatName]: Format } = { csv, json, ndjson, xml, excel, parquet }

const compressions = ['none', 'gzip', 'zip'] as const
type Compression = (typeof compressions)[number]

/** How a document is written down, everything chosen. */
export type DocumentOptions = PlainOptions | ZipOptions

export interface PlainOptions {
  readonly compression: 'none' | 'gzip'
  readonly format: Format
  /** The options under the format's own name. */
  readonly own: JsonObject
  /** `undefined`: UTF-8, or what an XML document declares. */
  readonly encoding: Encoding | undefined
}

/** Each of its files is a document of its own. */
export interface ZipOptions {
  readonly compression: 'zip'
  readonly chosen: (name: string) => boolean
  of(name: string): PlainOptions
}

/** Members of the options of every connector that reads documents. */
export const readProperties: JsonObject = {
  format: {
    enum: [...formatNames],
    description: 'Default: by the extension of the name, else by the content type where there is one.',
  },
  encoding: { enum: [...encodings], description: 'Of text. Default: utf-8; of XML what it declares.' },
  compression: {
    enum: [...compressions],
    description: 'Default: by the extension `.gz` or `.zip`, else none.',
  },
  entry: { type: 'string', minLength: 1, description: 'Which files of a zip, as a glob. Default: all.' },
  ...Object.fromEntries(Object.values(formats).map(({ name, options }) => [name, options])),
}

/** Members of the options of every connector that writes documents. */
export const writeProperties: JsonObject = {
  format: { enum: [...formatNames], description: 'Default: by the extension of the name.' },
  encoding: { enum: [...encodings], default: 'utf-8', description: 'Of text.' },
  compression: { enum: ['none', 'gzip'], description: 'Default: by the extension `.gz`, else none.' },
  ...Object.fromEntries(Object.values(formats).map(({ name, options }) => [name, options])),
}

/** Throws a `configuration` fault where the format cannot be told. */
export function documentOptions(given: JsonObject, name: string, contentType?: string): DocumentOptions {
  const compression = (given.compression as Compression | undefined) ?? compressionOf(name)
  if (compression !== 'zip') return plainOptions({ ...given, compression }, name, contentType)
  return {
    compression,
    chosen: typeof given.entry === 'string' ? picomatch(given.entry, { dot: true }) : () => true,
    of: (entry) => plainOptions({ ...given, compression: 'none' }, entry),
  }
}

/** Of what is no zip file. Throws a `configuration` fault where the format cannot be told. */
export function plainOptions(given: JsonObject, name: string, contentType?: string): PlainOptions {
  const compression = (given.compression as Compression | undefined) ?? compressionOf(name)
  if (compression === 'zip') throw fault('configuration', 'Zip files are read, not written.')
  const format = formatOf(given, compression === 'none' ? name : name.replace(/\.gz$/i, ''), contentType)
  if (!format) {
    throw fault(
      'configuration',
      `The format of ${name} cannot be told by its name: give \`format\`, one of ${formatNames.join(', ')}.`,
    )
  }
  const own = given[format.name]
  if (format.name === 'xml' && !isObject(own)) {
    throw fault('configuration', 'XML needs `xml.element`: the element that repeats.')
  }
  return {
    compression,
    format,
    own: isObject(own) ? own : tabs(name),
    encoding: given.encoding as Encoding | undefined,
  }
}

function formatOf(given: JsonObject, name: string, contentType: string | undefined): Format | undefined {
  if (typeof given.format === 'string') return formats[given.format as FormatName]
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const all = Object.values(formats)
  const byName = all.find(({ extensions }) => extensions.includes(extension))
  if (byName) return byName
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === '') return undefined
  return (
    all.find(({ mediaTypes }) => mediaTypes.includes(type)) ??
    (type.endsWith('+json') ? json : type.endsWith('+xml') ? xml : undefined)
  )
}

function compressionOf(name: string): Compression {
  return /\.gz$/i.test(name) ? 'gzip' : /\.zip$/i.test(name) ? 'zip' : 'none'
}

const tabs = (name: string): JsonObject => (/\.tsv(\.gz|\.zip)?$/i.test(name) ? { delimiter: '\t' } : {})
