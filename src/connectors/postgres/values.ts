import type { Json, JsonObject } from '../../workflow/index.ts'
import type { SqlColumn } from '../sql/index.ts'

/** A name as an identifier, whatever it holds. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Gives the line of COPY for a row with these columns. */
export function copyWriter(
  columns: readonly string[],
  declared: readonly SqlColumn[],
): (row: JsonObject) => string {
  const types = columns.map((name) => declared.find((column) => column.name === name)?.type ?? 'text')
  return (row) => {
    let line = ''
    for (let at = 0; at < columns.length; at += 1) {
      line += (at === 0 ? '' : '\t') + copyText(row[columns[at] as string], types[at] as string)
    }
    return `${line}\n`
  }
}

/** How a value is written for COPY (text format): tabs, newlines and backslashes escaped, nothing as `\N`. */
function copyText(value: Json | undefined, type: string): string {
  if (value === null || value === undefined) return '\\N'
  switch (typeof value) {
    case 'string':
      return escaped(
        type === 'bytea' ? `\\x${Buffer.from(value, 'base64').toString('hex')}` : jsonText(value, type),
      )
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return escaped(type.endsWith('[]') && Array.isArray(value) ? arrayText(value) : JSON.stringify(value))
  }
}

/** A text in a column of JSON is a JSON text. */
const jsonText = (value: string, type: string) =>
  type === 'json' || type === 'jsonb' ? JSON.stringify(value) : value

function escaped(text: string): string {
  return /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (it) => escapes[it] as string) : text
}

const escapes: { readonly [character: string]: string } = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}

function arrayText(values: readonly Json[]): string {
  const items = values.map((value) => {
    if (value === null) return 'NULL'
    if (Array.isArray(value)) return arrayText(value)
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return `"${text.replace(/["\\]/g, '\\$&')}"`
  })
  return `{${items.join(',')}}`
}

/** How a value is read, by the number of its type (`pg_type.oid`), from the text that the server sends. */
export const textReaders: { readonly [oid: number]: (text: string) => Json } = {
  16: (text) => text === 't', // boolean
  17: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'), // bytea
  20: wholeNumber, // bigint
  21: Number, // smallint
  23: Number, // integer
  26: Number, // oid
  114: (text) => JSON.parse(text) as Json, // json
  700: floating, // real
  701: floating, // double precision
  1114: (text) => text.replace(' ', 'T'), // timestamp
  1184: isoMoment, // timestamp with time zone
  3802: (text) => JSON.parse(text) as Json, // jsonb
}

/** The types of the items of arrays. */
export const itemTypes: { readonly [oid: number]: number } = {
  1000: 16,
  1005: 21,
  1007: 23,
  1009: 25,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1231: 1700,
  2951: 2950,
  1115: 1114,
  1182: 1082,
  1185: 1184,
}

/** One that a number cannot hold exactly stays a text. */
function wholeNumber(text: string): Json {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

function floating(text: string): Json {
  const value = Number(text)
  return Number.isFinite(value) ? value : text
}

/** `2026-11-20 14:32:00.5+00` as `2026-11-20T14:32:00.5Z`; the session's time zone is UTC. */
function isoMoment(text: string): Json {
  return text.replace(' ', 'T').replace(/\+00$/, 'Z')
}
