import { fault, type Json, type JsonObject } from '../../workflow/index.ts'
import { columnReader, type ColumnReader } from './columns.ts'
import type { CsvOptions } from './csv.ts'
import type { ReadLimits, Sink, TextParser } from './format.ts'
import { tooLong } from './ndjson.ts'
import { undecodable } from './text.ts'

/**
 * Reads CSV (RFC 4180) as it comes. It is our own for two reasons: a row that is wrong must not take its neighbours
 * with it, and its line must be known; and lines without a quote, which is most of them, are cut by the engine's own
 * `split`. A test compares it with a well-known parser.
 */
export function csvParser(options: CsvOptions, sink: Sink, limits: ReadLimits): TextParser {
  const { delimiter, quote } = options
  let rest = ''
  let line = 1
  let suspicious = false
  let rows: RowReader | undefined
  let toSkip = options.skipLines

  const take = (fields: readonly Field[], raw: () => string) => {
    if (toSkip > 0) {
      toSkip -= 1
      return
    }
    if (fields.length === 1 && fields[0] === '') return // An empty line.
    if (!rows) {
      const named = options.names
      rows = rowReader(named ?? fields.map(String), options, line)
      if (!named || options.header) return
    }
    const detail = suspicious && undecodable(raw()) ? 'The row is not UTF-8.' : rows.problem(fields)
    if (detail !== undefined) return sink.bad(raw(), line, detail)
    const record = rows.read(fields)
    if ('detail' in record) sink.bad(raw(), line, record.detail)
    else sink.record(record.value, line)
  }

  const consume = (data: string, last: boolean): number => {
    let at = 0
    let quoteAt = data.indexOf(quote)
    while (at < data.length) {
      const end = data.indexOf('\n', at)
      if (end === -1 && !last) break
      const lineEnd = end === -1 ? data.length : end
      if (quoteAt !== -1 && quoteAt < at) quoteAt = data.indexOf(quote, at)
      if (quoteAt === -1 || quoteAt >= lineEnd || toSkip > 0) {
        const text = data.slice(
          at,
          data.charCodeAt(lineEnd - 1) === 13 && lineEnd > at ? lineEnd - 1 : lineEnd,
        )
        take(text.split(delimiter), () => text)
        at = lineEnd + 1
        line += 1
        continue
      }
      const row = scanRow(data, at, options, last)
      if (row === 'incomplete') {
        if (last) throw fault('validation', `Line ${line}: a quote begins in the row and does not end.`)
        break
      }
      const raw = () => data.slice(at, row.next)
      if (row.detail !== undefined) {
        if (rows) sink.bad(raw(), line, row.detail)
        else throw fault('validation', `Line ${line}, the header: ${row.detail}`)
      } else take(row.fields, raw)
      for (let newline = data.indexOf('\n', at); newline !== -1 && newline < row.next;) {
        line += 1
        newline = data.indexOf('\n', newline + 1)
      }
      at = row.next
    }
    return at
  }

  return {
    write(text) {
      const data = rest === '' ? text : rest + text
      suspicious = undecodable(data)
      rest = data.slice(consume(data, false))
      if (rest.length > limits.maxRecordSize) throw tooLong(line, limits)
    },
    end() {
      suspicious = undecodable(rest)
      consume(rest, true)
      rest = ''
      if (!rows && options.header && !options.names) {
        throw fault('validation', 'It is empty: not even a header is there. Is it the right file, and whole?')
      }
    },
  }
}

/** A field that was quoted is text, whatever is in it: so an empty text can be told from nothing. */
type Field = string | Quoted

class Quoted {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

interface Row {
  readonly fields: readonly Field[]
  /** Where the next row begins. */
  readonly next: number
  readonly detail?: string
}

/** A row that has quotes. `incomplete` where its end is not in `data` yet. */
function scanRow(
  data: string,
  start: number,
  { delimiter, quote, columns, trim }: CsvOptions,
  last: boolean,
): Row | 'incomplete' {
  const plain = !trim && Object.keys(columns).length === 0
  const quoteCode = quote.charCodeAt(0)
  const fields: Field[] = []
  let at = start
  /** Of the line that `at` is in, once that is known. */
  let lineEnd = -1
  for (;;) {
    let after: number
    if (data.charCodeAt(at) === quoteCode) {
      let close = data.indexOf(quote, at + 1)
      let escaped = false
      while (close !== -1 && data[close + 1] === quote) {
        escaped = true
        close = data.indexOf(quote, close + 2)
      }
      if (close === -1 || (close + 1 >= data.length && !last)) return 'incomplete'
      const text = data.slice(at + 1, close)
      const field = escaped ? text.replaceAll(quote + quote, quote) : text
      fields.push(plain && field !== '' ? field : new Quoted(field))
      after = close + 1
    } else {
      if (lineEnd < at) {
        const newline = data.indexOf('\n', at)
        lineEnd = newline === -1 ? data.length : newline
      }
      const next = data.indexOf(delimiter, at)
      after = next === -1 || next > lineEnd ? lineEnd : next
      if (after === lineEnd && after > at && data[after - 1] === '\r') after -= 1
      const text = data.slice(at, after)
      if (text.includes(quote)) {
        return broken(data, at, last, 'A quote stands within a field that is not quoted.')
      }
      fields.push(text)
    }
    if (after >= data.length) return last ? { fields, next: data.length } : 'incomplete'
    if (data[after] === delimiter) {
      at = after + 1
      continue
    }
    if (data[after] === '\r') {
      if (after + 1 >= data.length) return last ? { fields, next: data.length } : 'incomplete'
      if (data[after + 1] === '\n') return { fields, next: after + 2 }
    }
    if (data[after] === '\n') return { fields, next: after + 1 }
    return broken(data, after, last, 'Text follows the quote that ends a field.')
  }
}

/** Goes on at the next line. */
function broken(data: string, at: number, last: boolean, detail: string): Row | 'incomplete' {
  const newline = data.indexOf('\n', at)
  if (newline === -1 && !last) return 'incomplete'
  return { fields: [], next: newline === -1 ? data.length : newline + 1, detail }
}

interface RowReader {
  problem(fields: readonly Field[]): string | undefined
  read(fields: readonly Field[]): { value: Json } | { detail: string }
}

function rowReader(names: readonly string[], options: CsvOptions, line: number): RowReader {
  const seen = new Set<string>()
  for (const name of names) {
    const what =
      name === ''
        ? 'a column without a name'
        : seen.has(name)
          ? `two columns named ${JSON.stringify(name)}`
          : ''
    if (what !== '') throw fault('validation', `The header, line ${line}, has ${what}: give \`csv.names\`.`)
    if (name === '__proto__') throw fault('validation', 'A column cannot be named __proto__.')
    seen.add(name)
  }
  const missing = Object.keys(options.columns).filter((name) => !seen.has(name))
  if (missing.length > 0) {
    throw fault(
      'validation',
      `The column ${missing.map((name) => JSON.stringify(name)).join(', ')} is declared but not there. There are: ${names.join(', ')}.`,
    )
  }
  const readers: (ColumnReader | undefined)[] = names.map((name) => {
    const column = options.columns[name]
    return column && columnReader(name, column)
  })
  return {
    problem: (fields) =>
      fields.length === names.length
        ? undefined
        : `The row has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'} where the header has ${names.length}.`,
    read(fields) {
      const record: JsonObject = {}
      for (let at = 0; at < names.length; at += 1) {
        const field = fields[at] as Field
        const reader = readers[at]
        const name = names[at] as string
        if (reader) {
          const quoted = typeof field !== 'string'
          const value = reader(quoted ? field.text : options.trim ? field.trim() : field, quoted)
          if (value instanceof Error) return { detail: value.message }
          record[name] = value
        } else record[name] = typeof field !== 'string' ? field.text : options.trim ? field.trim() : field
      }
      return { value: record }
    },
  }
}
