import { fault, type Json, type JsonObject } from '../../workflow/index.ts'

/** What the texts of a column stand for. */
export interface Column {
  readonly type: ColumnType
  /** Of numbers: `,` in Danish. */
  readonly decimal: '.' | ','
  /** Of numbers: what may stand between groups of three digits. */
  readonly thousands: '' | '.' | ',' | ' ' | "'"
  /** Of dates and times, e.g. `dd-MM-yyyy HH:mm`. */
  readonly format: string
  /** What an empty field is: `null` by default, except that it is an empty text in a text column. */
  readonly empty: 'null' | 'text' | 'error'
}

export const columnTypes = ['text', 'integer', 'number', 'decimal', 'boolean', 'date', 'datetime'] as const
type ColumnType = (typeof columnTypes)[number]

export const columnSchema: JsonObject = {
  type: 'object',
  required: ['type'],
  additionalProperties: false,
  properties: {
    type: {
      enum: [...columnTypes],
      description:
        '`decimal` keeps every digit, as a text such as `-1234.50`; `date` becomes `2026-12-31`, `datetime` ISO 8601.',
    },
    decimal: { enum: ['.', ','], default: '.', description: 'The decimal mark.' },
    thousands: {
      enum: ['', '.', ',', ' ', "'"],
      default: '',
      description: 'What may stand between thousands.',
    },
    format: {
      type: 'string',
      maxLength: 40,
      description:
        'Of dates: `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss`. Default: `yyyy-MM-dd`, with `THH:mm:ss` for times.',
    },
    empty: { enum: ['null', 'text', 'error'], description: 'What an empty field is.' },
  },
}

/** Members of the options of every format that has rows with a header. */
export const headerOptions: JsonObject = {
  header: { type: 'boolean', default: true, description: 'Whether the first row names the columns.' },
  names: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    minItems: 1,
    uniqueItems: true,
    description: 'The columns, where no header names them, or other names than it has.',
  },
}

/** An error's message is a sentence about the row. */
export type ColumnReader = (text: string, quoted: boolean) => Json | Error

export function readColumn(given: JsonObject): Column {
  const type = given.type as ColumnType
  const standard = type === 'date' ? 'yyyy-MM-dd' : 'yyyy-MM-ddTHH:mm:ss'
  return {
    type,
    decimal: (given.decimal as Column['decimal'] | undefined) ?? '.',
    thousands: (given.thousands as Column['thousands'] | undefined) ?? '',
    format: (given.format as string | undefined) ?? standard,
    empty: (given.empty as Column['empty'] | undefined) ?? (type === 'text' ? 'text' : 'null'),
  }
}

export function columnReader(name: string, column: Column): ColumnReader {
  const convert = converter(name, column)
  return (text, quoted) => {
    if (text === '') {
      if (column.empty === 'error') return new Error(`${name} is empty.`)
      return column.empty === 'null' && !(quoted && column.type === 'text') ? null : ''
    }
    const value = convert(text)
    // What stood there is not repeated: it may be what nobody may read.
    return value ?? new Error(`${name} is not ${articles[column.type]}${shapeOf(column)}.`)
  }
}

const articles: { readonly [type in ColumnType]: string } = {
  text: 'a text',
  integer: 'a whole number',
  number: 'a number',
  decimal: 'a decimal number',
  boolean: 'a yes or no',
  date: 'a date',
  datetime: 'a date and time',
}

function shapeOf({ type, decimal, thousands, format }: Column): string {
  if (type === 'date' || type === 'datetime') return ` written as ${format}`
  if (type === 'number' || type === 'decimal') {
    return ` with the decimal mark "${decimal}"${thousands && ` and "${thousands}" between thousands`}`
  }
  return ''
}

function converter(name: string, column: Column): (text: string) => Json | undefined {
  switch (column.type) {
    case 'text':
      return (text) => text
    case 'boolean':
      return (text) => yesOrNo[text.toLowerCase()]
    case 'integer':
    case 'number':
    case 'decimal':
      return numberReader(column)
    case 'date':
    case 'datetime':
      return dateReader(name, column)
  }
}

const yesOrNo: { readonly [text: string]: boolean } = Object.assign(Object.create(null) as object, {
  ...{ true: true, '1': true, yes: true, y: true, ja: true, j: true, sand: true },
  ...{ false: false, '0': false, no: false, n: false, nej: false, falsk: false },
})

function numberReader({ type, decimal, thousands }: Column): (text: string) => Json | undefined {
  const digits = thousands === '' ? '\\d+' : `(?:\\d{1,3}(?:\\${thousands}\\d{3})+|\\d+)`
  const fraction = type === 'integer' ? '' : `(?:\\${decimal}\\d+)?`
  const shape = new RegExp(`^[+-]?${digits}${fraction}$`)
  return (given) => {
    const text = given.trim().replace('\u2212', '-')
    if (!shape.test(text)) return undefined
    let plain = thousands === '' ? text : text.replaceAll(thousands, '')
    if (decimal === ',') plain = plain.replace(',', '.')
    if (type === 'decimal') return plain.replace(/^\+/, '').replace(/^(-?)0+(?=\d)/, '$1')
    const value = Number(plain)
    return Number.isFinite(value) && (type === 'number' || Number.isSafeInteger(value)) ? value : undefined
  }
}

const parts: { readonly [part: string]: string } = {
  yyyy: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  dd: '(?<day>\\d{2})',
  HH: '(?<hour>\\d{2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2}(?:\\.\\d+)?)',
}

function dateReader(name: string, { type, format }: Column): (text: string) => Json | undefined {
  const pattern = format.replace(
    /yyyy|MM|dd|HH|mm|ss|[^A-Za-z0-9\s]|T/g,
    (part) => parts[part] ?? `\\${part}`,
  )
  if (/[yMdHms]/.test(pattern.replace(/\(\?<\w+>|\\d/g, '').replaceAll('\\T', ''))) {
    throw fault(
      'configuration',
      `The format ${JSON.stringify(format)} of ${name} has parts that are not known.`,
    )
  }
  const shape = new RegExp(`^${pattern.replaceAll('\\T', 'T')}$`)
  return (text) => {
    const found = shape.exec(text)?.groups
    if (!found) return undefined
    const { year = '1970', month = '01', day = '01', hour = '00', minute = '00', second = '00' } = found
    const date = `${year}-${month}-${day}`
    const time = `${hour}:${minute}:${second}`
    const moment = new Date(`${date}T${time}Z`)
    // The 31st of February would be taken for the 3rd of March.
    if (Number.isNaN(moment.getTime()) || moment.toISOString().slice(0, 10) !== date) return undefined
    return type === 'date' ? date : `${date}T${time}`
  }
}
