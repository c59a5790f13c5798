/** UTF-8, base64 and percent-encoding without a host: none of these is part of the language itself. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 (RFC 4648) of the text's UTF-8 bytes. */
export function base64(text: string): string {
  const bytes = utf8(text)
  let result = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = [bytes[i], bytes[i + 1], bytes[i + 2]]
    result += sextet(a >> 2) + sextet(((a & 3) << 4) | ((b ?? 0) >> 4))
    result += b === undefined ? '=' : sextet(((b & 15) << 2) | ((c ?? 0) >> 6))
    result += c === undefined ? '=' : sextet(c & 63)
  }
  return result
}

/** Percent-encodes all but the unreserved characters of RFC 3986, as RFC 6570 asks of simple expansion. */
export function percentEncode(text: string): string {
  let result = ''
  for (const character of text) {
    if (/^[A-Za-z0-9\-._~]$/.test(character)) result += character
    else for (const byte of utf8(character)) result += '%' + byte.toString(16).toUpperCase().padStart(2, '0')
  }
  return result
}

/** The bytes of the text; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): number[] {
  const bytes: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0) as number
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code))
    else bytes.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code))
  }
  return bytes
}

function tail(bits: number): number {
  return 0x80 | (bits & 0x3f)
}

function sextet(value: number): string {
  return alphabet.charAt(value)
}
