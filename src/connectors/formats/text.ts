import { isUtf8 } from 'node:buffer'
import { fault } from '../../workflow/index.ts'

export const encodings = ['utf-8', 'windows-1252', 'iso-8859-1', 'utf-16le', 'utf-16be'] as const
export type Encoding = (typeof encodings)[number]

export interface Decoder {
  /** Text of the bytes so far; what is cut within a character is kept for the next. */
  write(bytes: Uint8Array): string
  end(): string
}

/**
 * Decodes bytes in pieces. A byte order mark at the start is left out. Bytes that are not UTF-8 in a text that is
 * declared as UTF-8 become lone surrogates, U+DC80 to U+DCFF, which no valid text has: so the one line that holds
 * them can be told from its neighbours (`undecodable`). In the other encodings they are a fault.
 */
export function createDecoder(encoding: Encoding, name: string): Decoder {
  switch (encoding) {
    case 'utf-8':
      return utf8Decoder()
    case 'iso-8859-1':
      return { write: (bytes) => view(bytes).toString('latin1'), end: () => '' }
    case 'windows-1252':
      return { write: (bytes) => windows1252(view(bytes).toString('latin1'), name), end: () => '' }
    case 'utf-16le':
    case 'utf-16be':
      return utf16Decoder(encoding, name)
  }
}

/** Whether a text holds bytes that its encoding does not know. */
export const undecodable = (text: string): boolean => /[\udc80-\udcff]/u.test(text)

const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function utf8Decoder(): Decoder {
  let held = Buffer.alloc(0)
  let started = false
  const decode = (bytes: Buffer): string => {
    let text = isUtf8(bytes) ? bytes.toString() : escaped(bytes)
    if (!started && text !== '') {
      started = true
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
    }
    return text
  }
  return {
    write(bytes) {
      const all = held.length === 0 ? view(bytes) : Buffer.concat([held, bytes])
      const whole = all.length - cutCharacter(all)
      held = Buffer.from(all.subarray(whole))
      return decode(all.subarray(0, whole))
    },
    end() {
      const text = decode(held)
      held = Buffer.alloc(0)
      return text
    },
  }
}

/** How many bytes at the end begin a character that is not whole yet. */
function cutCharacter(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

/** Character by character: only what is not valid pays for it. */
function escaped(bytes: Buffer): string {
  let text = ''
  let good = 0
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] as number
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0
    if (
      length > 0 &&
      (length === 1 || isUtf8(bytes.subarray(at, at + length))) &&
      at + length <= bytes.length
    ) {
      at += length
      continue
    }
    text += bytes.toString('utf8', good, at) + String.fromCharCode(0xdc00 + byte)
    at += 1
    good = at
  }
  return text + bytes.toString('utf8', good)
}

/** What Windows-1252 has where ISO-8859-1 has control characters; five places are empty. */
const windows = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ'

function windows1252(text: string, name: string): string {
  return text.replace(/[\x80-\x9f]/g, (character) => {
    const code = character.charCodeAt(0)
    const found = windows[code - 0x80] as string
    if (found !== '\0') return found
    throw fault(
      'validation',
      `${name} is declared as windows-1252, but holds the byte 0x${code.toString(16)}, which that does not have.`,
    )
  })
}

function utf16Decoder(encoding: 'utf-16le' | 'utf-16be', name: string): Decoder {
  const decoder = new TextDecoder(encoding, { fatal: true })
  const decode = (bytes: Uint8Array | undefined, stream: boolean) => {
    try {
      return decoder.decode(bytes, { stream })
    } catch {
      throw fault('validation', `${name} is declared as ${encoding}, but is not.`)
    }
  }
  return { write: (bytes) => decode(bytes, true), end: () => decode(undefined, false) }
}

/** Throws a `validation` fault for a character that the encoding does not have. */
export function encodeText(text: string, encoding: Encoding): Uint8Array {
  switch (encoding) {
    case 'utf-8':
      return Buffer.from(text)
    case 'utf-16le':
      return Buffer.from(text, 'utf16le')
    case 'utf-16be':
      return Buffer.from(text, 'utf16le').swap16()
    case 'iso-8859-1':
    case 'windows-1252': {
      const single = encoding === 'iso-8859-1' ? text : text.replace(/[^\x00-\x7f\xa0-\xff]/gu, toWindows)
      const beyond = /[^\x00-\xff]/u.exec(single)
      if (!beyond) return Buffer.from(single, 'latin1')
      throw fault('validation', `${encoding} has no ${JSON.stringify(beyond[0])}.`)
    }
  }
}

function toWindows(character: string): string {
  const at = character === '\0' ? -1 : windows.indexOf(character)
  // U+0080 to U+009F are no characters of Windows-1252: to let them through would turn them into others.
  return at === -1 ? (character < '\xa0' ? '\ufffd' : character) : String.fromCharCode(0x80 + at)
}
