/**
 * Reads JSON text where the host's own parser gives up: for the numbers that jq reads beyond JSON (`nan`,
 * `infinity`), and for jq's messages about text that is not valid. It keeps its own stack.
 */
import { raise } from './errors.ts'
import type { Json, JsonObject } from './values.ts'
import { setMember } from './values.ts'

export const deepestText = 10_000

/** A number as jq reads it, `undefined` for text that is none. */
export function readNumber(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text)
  if (/^[+-]?nan$/i.test(text)) return Number.NaN
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return undefined
}

/** The one value of a JSON text. Raises jq's message where there is none, or more than one. */
export function readJson(text: string): Json {
  return new Reader(text).read()
}

/** What is open: an array, an object, or a member of an object that waits for its value. */
type Open =
  | { readonly type: 'array'; readonly items: Json[] }
  | { readonly type: 'object'; readonly members: JsonObject; count: number }
  | { readonly type: 'member'; readonly key: string }

class Reader {
  private readonly text: string
  private readonly stack: Open[] = []
  private line = 1
  private column = 0
  private token = ''
  private next: Json | undefined
  private result: Json | undefined

  constructor(text: string) {
    this.text = text
  }

  read(): Json {
    let inString: 'no' | 'yes' | 'escape' = 'no'
    for (const char of this.text) {
      this.move(char)
      if (inString === 'no') {
        if (char === '"') {
          this.endLiteral('')
          inString = 'yes'
        } else if (/[\s[\]{},:]/.test(char)) {
          this.endLiteral('')
          if (!/\s/.test(char)) this.structure(char)
        } else {
          this.token += char
        }
      } else if (inString === 'yes' && char === '"') {
        this.endString()
        inString = 'no'
      } else {
        this.token += char
        inString = inString === 'yes' && char === '\\' ? 'escape' : 'yes'
      }
      this.finishValue()
    }
    if (inString !== 'no') this.fail('Unfinished string', ' at EOF')
    this.endLiteral(' at EOF')
    if (this.stack.length > 0) this.fail('Unfinished JSON term', ' at EOF')
    this.finishValue()
    return this.result === undefined ? this.failWith('Expected JSON value') : this.result
  }

  private move(char: string): void {
    const code = char.codePointAt(0) as number
    this.column += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (char !== '\n') return
    this.line++
    this.column = 0
  }

  private finishValue(): void {
    if (this.stack.length > 0 || this.next === undefined) return
    if (this.result !== undefined) this.failWith('Unexpected extra JSON values')
    this.result = this.next
    this.next = undefined
  }

  private fail(message: string, where = ''): never {
    return this.failWith(`${message}${where} at line ${this.line}, column ${this.column}`)
  }

  private failWith(message: string): never {
    const shown = this.text.length > 1000 ? `${this.text.slice(0, 1000)}...` : this.text
    return raise(`${message} (while parsing '${shown}')`)
  }

  private value(value: Json): void {
    if (this.next !== undefined) this.fail('Expected separator between values')
    this.next = value
  }

  private endLiteral(where: string): void {
    const { token } = this
    if (token === '') return
    this.token = ''
    const word = { true: true, false: false, null: null }[token]
    if (word !== undefined) {
      this.value(word)
      return
    }
    if (token.startsWith("'")) this.fail(`Invalid string literal; expected ", but got '`, where)
    if (/^(?:t|f|nu)/.test(token)) this.fail('Invalid literal', where)
    const number = readNumber(token)
    if (number === undefined) this.fail('Invalid numeric literal', where)
    this.value(number)
  }

  private endString(): void {
    const { token } = this
    this.token = ''
    const wrong = wrongString(token)
    if (wrong !== undefined) this.fail(wrong)
    this.value((JSON.parse(`"${token}"`) as string).replace(/(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd'))
  }

  private structure(char: string): void {
    switch (char) {
      case '[':
      case '{':
        if (this.stack.length >= deepestText) this.fail('Exceeds depth limit for parsing')
        if (this.next !== undefined) this.fail('Expected separator between values')
        this.stack.push(
          char === '[' ? { type: 'array', items: [] } : { type: 'object', members: {}, count: 0 },
        )
        return
      case ':':
        this.colon()
        return
      case ',':
        this.comma()
        return
      case ']':
        this.endArray()
        return
      default:
        this.endObject()
    }
  }

  private colon(): void {
    const { next } = this
    if (next === undefined) this.fail("Expected string key before ':'")
    if (this.stack.at(-1)?.type !== 'object') this.fail("':' not as part of an object")
    if (typeof next !== 'string') return this.fail('Object keys must be strings')
    this.stack.push({ type: 'member', key: next })
    this.next = undefined
  }

  private comma(): void {
    const { next } = this
    if (next === undefined) return this.fail("Expected value before ','")
    const top = this.stack.at(-1)
    if (top === undefined) return this.fail("',' not as part of an object or array")
    if (top.type === 'object') return this.fail('Objects must consist of key:value pairs')
    if (top.type === 'array') top.items.push(next)
    else this.endMember(top.key, next)
    this.next = undefined
  }

  private endMember(key: string, value: Json): void {
    this.stack.pop()
    const object = this.stack.at(-1) as Extract<Open, { type: 'object' }>
    setMember(object.members, key, value)
    object.count++
  }

  private endArray(): void {
    const top = this.stack.at(-1)
    if (top?.type !== 'array') return this.fail("Unmatched ']'")
    if (this.next !== undefined) top.items.push(this.next)
    else if (top.items.length > 0) this.fail('Expected another array element')
    this.stack.pop()
    this.next = top.items
  }

  private endObject(): void {
    const top = this.stack.at(-1)
    if (top === undefined) return this.fail("Unmatched '}'")
    if (this.next !== undefined) {
      if (top.type !== 'member') return this.fail('Objects must consist of key:value pairs')
      this.endMember(top.key, this.next)
    } else {
      if (top.type !== 'object') return this.fail("Unmatched '}'")
      if (top.count > 0) this.fail('Expected another key-value pair')
    }
    const object = this.stack.pop() as Extract<Open, { type: 'object' }>
    this.next = object.members
  }
}

/** What is wrong with the inside of a string; `undefined` for nothing. */
function wrongString(text: string): string | undefined {
  for (const [escape] of text.matchAll(/\\u[\s\S]{0,4}|\\[\s\S]/g)) {
    if (escape[1] === 'u') {
      if (escape.length < 6) return 'Invalid \\uXXXX escape'
      if (!/^\\u[0-9a-fA-F]{4}$/.test(escape)) return 'Invalid characters in \\uXXXX escape'
    } else if (!/^\\["\\/bfnrt]$/.test(escape)) {
      return 'Invalid escape'
    }
  }
  if (/\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})/.test(text.replace(/\\\\/g, '  '))) {
    return 'Invalid \\uXXXX\\uXXXX surrogate pair escape'
  }
  return /[\0-\x1f]/.test(text)
    ? 'Invalid string: control characters from U+0000 through U+001F must be escaped'
    : undefined
}
