/**
 * Reading and writing JSON text as jq does: numbers with at most 17 digits in jq's own notation, NaN as null,
 * infinities as the largest finite number.
 */
import { deepestText, readJson } from './json-reader.ts'
import { growText, state } from './limits.ts'
import type { Json, JsonObject } from './values.ts'

/** JSON text on one line, as `tojson` gives it. */
export function stringify(value: Json): string {
  return typeof value === 'object' && value !== null ? compound(value) : countedScalar(value)
}

const deepest = 10_000

type Open = { readonly values: readonly Json[]; readonly keys: readonly string[] | undefined; next: number }

/** Keeps its own stack: a document may be nested deeper than the stack of the host. */
function compound(root: Json[] | { [key: string]: Json }): string {
  const stack: Open[] = [open(root)]
  let text = opening(stack[0] as Open)
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.next === top.values.length) {
      text += top.keys === undefined ? ']' : '}'
      stack.pop()
      continue
    }
    const index = top.next++
    if (index > 0) text += ','
    if (top.keys !== undefined) text += `${quote(top.keys[index] as string)}:`
    const value = top.values[index] as Json
    if (typeof value !== 'object' || value === null) {
      text += countedScalar(value)
    } else if (stack.length > deepest) {
      text += '<skipped: too deep>'
    } else {
      const inner = open(value)
      text += opening(inner)
      stack.push(inner)
    }
  }
  return text
}

function open(value: Json[] | { [key: string]: Json }): Open {
  if (Array.isArray(value)) return { values: value, keys: undefined, next: 0 }
  return { values: Object.values(value), keys: Object.keys(value), next: 0 }
}

/** Counted as it is written: a small value that holds one part many times over has a long text. */
function countedScalar(value: null | boolean | number | string): string {
  const text = scalar(value)
  growText(text.length)
  return text
}

function opening(value: Open): string {
  growText(2)
  return value.keys === undefined ? '[' : '{'
}

function scalar(value: null | boolean | number | string): string {
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' ? formatNumber(value) : String(value)
}

export function quote(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f')
}

/** The shortest digits that read back as the same number, written as jq writes them. */
export function formatNumber(value: number): string {
  if (value !== value) return 'null'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  if (value > Number.MAX_VALUE) return formatNumber(Number.MAX_VALUE)
  if (value < -Number.MAX_VALUE) return formatNumber(-Number.MAX_VALUE)
  const plain = String(value)
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return plain
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(
    value.toExponential(),
  ) as RegExpExecArray
  const digits = whole + fraction
  const point = Number(exponent) + 1
  if (point <= -4 || point > digits.length + 15) {
    const mantissa = fraction === '' ? whole : `${whole}.${fraction}`
    const power = Math.abs(point - 1)
    return `${sign}${mantissa}e${point - 1 < 0 ? '-' : '+'}${power < 10 ? '0' : ''}${power}`
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length)
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** The beginning of a value's text, at most 29 bytes long, for an error message. */
export function shorten(value: Json): string {
  const text = preview(value)
  if (byteLength(text) <= 29) return text
  const closing = { '"': '"', '[': ']', '{': '}' }[text[0] as string] ?? ''
  return `${cut(text, closing === '' ? 26 : 25)}...${closing}`
}

/** Text enough for `shorten`, without writing all of a large value. */
function preview(value: Json, room = 60): string {
  if (room <= 0) return ''
  if (typeof value === 'string') return quote(value.slice(0, 40))
  if (typeof value !== 'object' || value === null) return scalar(value)
  const isArray = Array.isArray(value)
  let text = isArray ? '[' : '{'
  for (const key of isArray ? value.slice(0, room).keys() : Object.keys(value)) {
    if (text.length > 1) text += ','
    if (!isArray) text += `${quote(String(key).slice(0, 40))}:`
    text += preview((value as JsonObject)[key] as Json, room - text.length)
    if (text.length > room) return text
  }
  return text + (isArray ? ']' : '}')
}

export function byteLength(text: string): number {
  let bytes = 0
  for (const char of text) {
    const code = char.codePointAt(0) as number
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** The longest beginning of whole characters that fits into so many bytes. */
function cut(text: string, bytes: number): string {
  let kept = ''
  let length = 0
  for (const char of text) {
    length += byteLength(char)
    if (length > bytes) break
    kept += char
  }
  return kept
}

/** `fromjson`: JSON text, where NaN and infinities are numbers, too. */
export function parse(text: string): Json {
  growText(text.length)
  if (mayBeTooDeep(text) || brokenPair.test(text)) return readJson(text)
  if (largeNumber.test(text)) state.unwritable = true
  try {
    return JSON.parse(text) as Json
  } catch {
    state.unwritable = true
    return readJson(text)
  }
}

/** Escapes of half a character, which the host reads as they are. */
const brokenPair = /\\u[dD][89abAB]/
/** A number that may be infinite as a double. */
const largeNumber = /[eE]\+?\d{3}|\d{308}/

function mayBeTooDeep(text: string): boolean {
  if (text.length < deepestText) return false
  let opened = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x5b || unit === 0x7b) opened++
  }
  return opened >= deepestText
}
