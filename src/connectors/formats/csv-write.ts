import { isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { Column } from './columns.ts'
import type { CsvOptions } from './csv.ts'
import type { Refusal, TextWriter } from './format.ts'

/** Columns are those declared, else the members of the first batch in the order in which they come. */
export function csvWriter(options: CsvOptions): TextWriter {
  const { delimiter, quote, lineEnd } = options
  let names =
    options.names ?? (Object.keys(options.columns).length > 0 ? Object.keys(options.columns) : undefined)

  const field = (name: string, value: Json | undefined): string => {
    if (value === null || value === undefined) return ''
    const text = shown(value, options.columns[name])
    // An empty text is quoted, so that it stays apart from nothing.
    const plain =
      text !== '' && !text.includes(delimiter) && !text.includes(quote) && !/[\r\n]|^\s|\s$/.test(text)
    return plain ? text : `${quote}${text.replaceAll(quote, quote + quote)}${quote}`
  }
  const row = (fields: readonly string[]) => {
    const text = fields.join(delimiter)
    return (text === '' ? `${quote}${quote}` : text) + lineEnd
  }

  return {
    begin(first) {
      names ??= [...new Set(first.flatMap((record) => (isObject(record) ? Object.keys(record) : [])))]
      return options.header && names.length > 0 ? row(names.map((name) => field(name, name))) : ''
    },
    records(values) {
      const refused: Refusal[] = []
      const known = names ?? []
      let text = ''
      values.forEach((value, index) => {
        const detail = problemOf(value, known)
        if (detail === undefined) text += row(known.map((name) => field(name, (value as JsonObject)[name])))
        else refused.push({ index, detail })
      })
      return { text, refused }
    },
    end: () => '',
    get state() {
      return names ? [...names] : null
    },
    resume(state) {
      if (Array.isArray(state)) names = state as string[]
    },
    appends: true,
  }
}

function problemOf(value: Json, names: readonly string[]): string | undefined {
  if (!isObject(value)) return 'A row of CSV is an object of columns.'
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  return unknown === undefined
    ? undefined
    : `There is no column ${JSON.stringify(unknown)}: name all columns with \`csv.names\`.`
}

function shown(value: Exclude<Json, null>, column: Column | undefined): string {
  if (typeof value === 'object') return JSON.stringify(value)
  const text = String(value)
  if (!column) return text
  if (column.type === 'number' || column.type === 'decimal') {
    return column.decimal === ',' ? text.replace('.', ',') : text
  }
  const date = column.type === 'date' || column.type === 'datetime' ? isoDate.exec(text)?.groups : undefined
  if (!date) return text
  return column.format.replace(/yyyy|MM|dd|HH|mm|ss/g, (part) => date[groupOf[part] as string] ?? '00')
}

const isoDate =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:T(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d(?:\.\d+)?))?)?/

const groupOf: { readonly [part: string]: string } = {
  yyyy: 'year',
  MM: 'month',
  dd: 'day',
  HH: 'hour',
  mm: 'minute',
  ss: 'second',
}
