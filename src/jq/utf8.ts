/** UTF-8, written out because no host type (TextEncoder) is in sight here. */

export function encodeUtf8(text: string): number[] {
  const bytes: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0) as number
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f))
    else if (code < 0x10000)
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
    else
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 0x3f),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f),
      )
  }
  return bytes
}

/** `undefined` for bytes that are not UTF-8; where `lenient`, each wrong sequence becomes U+FFFD instead. */
export function decodeUtf8(bytes: readonly number[], lenient = false): string | undefined {
  let text = ''
  for (let i = 0; i < bytes.length;) {
    const { code, length } = decodeOne(bytes, i)
    if (code === -1 && !lenient) return undefined
    text += code === -1 ? '\ufffd' : String.fromCodePoint(code)
    i += length
  }
  return text
}

const smallest = [0, 0, 0x80, 0x800, 0x10000]

function decodeOne(bytes: readonly number[], at: number): { code: number; length: number } {
  const first = bytes[at] as number
  if (first < 0x80) return { code: first, length: 1 }
  const length =
    first >= 0xf0 && first < 0xf5
      ? 4
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xc2 && first < 0xe0
          ? 2
          : 0
  if (length === 0) return { code: -1, length: 1 }
  if (at + length > bytes.length) return { code: -1, length }
  let code = first & (0x7f >> length)
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i]
    if (next === undefined || (next & 0xc0) !== 0x80) return { code: -1, length: i }
    code = (code << 6) | (next & 0x3f)
  }
  const isValid = code >= (smallest[length] as number) && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return { code: isValid ? code : -1, length }
}
