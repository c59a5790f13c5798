/** `@text`, `@json`, `@csv` and the other ways to write a value into a string. */
import { described } from './arithmetic.ts'
import { raise } from './errors.ts'
import { stringify } from './json.ts'
import { growText } from './limits.ts'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'
import type { Json } from './values.ts'

export function applyFormat(name: string, value: Json): Json {
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined
  if (format === undefined) return raise(`${name} is not a valid format`)
  const text = format(value)
  growText(text.length)
  return text
}

export function tostring(value: Json): string {
  return typeof value === 'string' ? value : stringify(value)
}

const formats: Readonly<Record<string, (value: Json) => string>> = {
  text: tostring,
  json: stringify,
  csv: (value) => row(value, 'csv', ',', (text) => `"${text.replaceAll('"', '""')}"`),
  tsv: (value) => row(value, 'tsv', '\t', (text) => escape(text, tsvEscapes)),
  html: (value) => escape(tostring(value), htmlEscapes),
  uri: (value) => encodeUri(tostring(value)),
  urid: (value) => decodeUri(tostring(value)),
  sh: quoteForShell,
  base64: (value) => encodeBits(encodeUtf8(tostring(value)), base64, 6, 4),
  base64d: (value) => decodeBase64(value),
  base32: (value) => encodeBits(encodeUtf8(tostring(value)), base32, 5, 8),
  base32d: (value) => decodeBase32(value),
}

const htmlEscapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;', '"': '&quot;', '\0': '\\0' }
const tsvEscapes = { '\t': '\\t', '\r': '\\r', '\n': '\\n', '\\': '\\\\', '\0': '\\0' }

function escape(text: string, escapes: Readonly<Record<string, string>>): string {
  let result = ''
  for (const char of text) result += escapes[char] ?? char
  return result
}

function row(value: Json, name: string, separator: string, write: (text: string) => string): string {
  if (!Array.isArray(value)) return raise(`${described(value)} cannot be ${name}-formatted, only array`)
  const cells = value.map((cell) => {
    if (cell === null) return ''
    if (typeof cell === 'string') return write(cell)
    if (typeof cell === 'object') return raise(`${described(cell)} is not valid in a csv row`)
    return typeof cell === 'number' && cell !== cell ? '' : stringify(cell)
  })
  return cells.join(separator)
}

function quoteForShell(value: Json): string {
  const words = (Array.isArray(value) ? value : [value]).map((word) => {
    if (typeof word === 'string') return `'${word.replaceAll("'", "'\\''")}'`
    if (typeof word === 'object' && word !== null)
      return raise(`${described(word)} can not be escaped for shell`)
    return stringify(word)
  })
  return words.join(' ')
}

const unreserved = /[A-Za-z0-9\-._~]/

function encodeUri(text: string): string {
  let result = ''
  for (const byte of encodeUtf8(text)) {
    const char = String.fromCharCode(byte)
    result +=
      byte < 0x80 && unreserved.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return result
}

function decodeUri(text: string): string {
  const bytes: number[] = []
  const source = encodeUtf8(text)
  for (let i = 0; i < source.length; i++) {
    if (source[i] !== 0x25) {
      bytes.push(source[i] as number)
      continue
    }
    const digits = String.fromCharCode(...source.slice(i + 1, i + 3))
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) return raise(`${described(text)} is not a valid uri encoding`)
    bytes.push(Number.parseInt(digits, 16))
    i += 2
  }
  return decodeUtf8(bytes) ?? raise(`${described(text)} is not a valid uri encoding`)
}

const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Writes bytes in digits of so many bits, padded with `=` to whole groups (RFC 4648). */
function encodeBits(bytes: readonly number[], alphabet: string, width: number, group: number): string {
  let text = ''
  let bits = 0
  let count = 0
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xffff
    count += 8
    while (count >= width) {
      count -= width
      text += alphabet[(bits >> count) & ((1 << width) - 1)] as string
    }
  }
  if (count > 0) text += alphabet[(bits << (width - count)) & ((1 << width) - 1)] as string
  return text + '='.repeat((group - (text.length % group)) % group)
}

function decodeBits(text: string, alphabet: string, width: number): number[] | undefined {
  const bytes: number[] = []
  let bits = 0
  let count = 0
  for (const char of text) {
    const digit = alphabet.indexOf(char)
    if (digit === -1) return undefined
    bits = ((bits << width) | digit) & 0xffff
    count += width
    if (count >= 8) {
      count -= 8
      bytes.push((bits >> count) & 0xff)
    }
  }
  return bytes
}

function decodeBase64(value: Json): string {
  const text = tostring(value)
  const digits = text.split('=', 1)[0] as string
  const bytes = decodeBits(digits, base64, 6)
  if (bytes === undefined) return raise(`${described(text)} is not valid base64 data`)
  if (digits.length % 4 === 1) return raise(`${described(text)} trailing base64 byte found`)
  return decodeUtf8(bytes, true) as string
}

function decodeBase32(value: Json): string {
  const text = tostring(value)
  const bytes = decodeBits(text.split('=', 1)[0] as string, base32, 5)
  if (bytes === undefined) return raise(`${described(text)} is not valid base32 data`)
  return decodeUtf8(bytes, true) as string
}
