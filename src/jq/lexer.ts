/** Cuts a filter's text into tokens. A string with interpolations becomes one token with its parts. */
import { syntaxError } from './errors.ts'
import { intern } from './values.ts'

export type Token =
  | { readonly type: 'number'; readonly at: number; readonly value: number }
  | { readonly type: 'string'; readonly at: number; readonly parts: readonly (string | readonly Token[])[] }
  | {
      readonly type: 'format' | 'name' | 'keyword' | 'field' | 'variable' | 'op'
      readonly at: number
      readonly text: string
    }
  | { readonly type: 'end'; readonly at: number }

export const keywords: ReadonlySet<string> = new Set([
  ...['as', 'import', 'include', 'module', 'def', 'if', 'then', 'else', 'elif', 'end', 'and', 'or', 'reduce'],
  ...['foreach', 'try', 'catch', 'label', 'break'],
])

const operators = [
  ...['?//=', '?//', '//=', '|=', '+=', '-=', '*=', '/=', '%=', '==', '!=', '<=', '>=', '//', '..'],
  ...[
    '.',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    '|',
    ',',
    ':',
    ';',
    '=',
    '<',
    '>',
    '+',
    '-',
    '*',
    '/',
    '%',
    '?',
    '$',
  ],
].filter((text) => text !== '?//=')

const space = /[ \t\r\n]+/y
const comment = /#(?:\\\r?\n|\\\\|[^\r\n]|\r(?!\n))*/y
const number = /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y
const name = /(?:[a-zA-Z_][a-zA-Z_0-9]*::)*[a-zA-Z_][a-zA-Z_0-9]*/y
const field = /\.[a-zA-Z_][a-zA-Z_0-9]*/y
const format = /@[a-zA-Z0-9_]+/y
const variable = /\$(?:[a-zA-Z_][a-zA-Z_0-9]*::)*[a-zA-Z_][a-zA-Z_0-9]*/y
const plainText = /[^"\\]+/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

const escaped: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Interpolations within interpolations: each costs a frame of the stack. */
const deepestString = 100

/** @throws JqError `SLUSE-JQ-SYNTAX` at a character that begins no token. */
export function tokenize(text: string): Token[] {
  const lexer = new Lexer(text)
  const tokens = lexer.tokensUntil(undefined)
  tokens.push({ type: 'end', at: text.length })
  return tokens
}

class Lexer {
  private readonly text: string
  private at = 0
  private strings = 0

  constructor(text: string) {
    this.text = text
  }

  /** Reads on to the end of the text, or past the `)` that closes the interpolation begun at `opened`. */
  tokensUntil(opened: number | undefined): Token[] {
    const tokens: Token[] = []
    let parentheses = 0
    for (;;) {
      this.skipSpace()
      if (this.at >= this.text.length) {
        if (opened !== undefined) throw syntaxError(this.text, opened, 'This interpolation is not closed.')
        return tokens
      }
      const token = this.next()
      if (token.type === 'op' && token.text === '(') parentheses++
      if (token.type === 'op' && token.text === ')' && --parentheses < 0 && opened !== undefined)
        return tokens
      tokens.push(token)
    }
  }

  private next(): Token {
    const { at } = this
    const char = this.text[at] as string
    if (char === '"') return this.string()
    const digits = this.take(number)
    if (digits !== undefined) return { type: 'number', at, value: Number(digits) }
    const word = this.take(name)
    if (word !== undefined) return { type: keywords.has(word) ? 'keyword' : 'name', at, text: intern(word) }
    if (char === '.') {
      const member = this.take(field)
      if (member !== undefined) return { type: 'field', at, text: intern(member.slice(1)) }
    }
    if (char === '$') {
      const bound = this.take(variable)
      if (bound !== undefined) return { type: 'variable', at, text: intern(bound.slice(1)) }
    }
    if (char === '@') {
      const formatter = this.take(format)
      if (formatter !== undefined) return { type: 'format', at, text: formatter.slice(1) }
    }
    const operator = operators.find((candidate) => this.text.startsWith(candidate, at))
    if (operator === undefined) {
      const shown = String.fromCodePoint(this.text.codePointAt(at) as number)
      const hint = shown === "'" ? ' Text stands in double quotes.' : ''
      throw syntaxError(this.text, at, `The character ${JSON.stringify(shown)} has no meaning here.${hint}`)
    }
    this.at += operator.length
    return { type: 'op', at, text: operator }
  }

  private string(): Token {
    const at = this.at++
    const parts: (string | readonly Token[])[] = []
    let text = ''
    for (;;) {
      const char = this.text[this.at]
      if (char === undefined) throw syntaxError(this.text, at, 'This string is not closed.')
      if (char === '"') break
      if (char !== '\\') {
        text += this.take(plainText) as string
      } else if (this.text[this.at + 1] === '(') {
        parts.push(text, this.interpolation())
        text = ''
      } else {
        text += this.escape()
      }
    }
    this.at++
    parts.push(text)
    return {
      type: 'string',
      at,
      parts: parts.map((part) => (typeof part === 'string' ? wellFormed(part) : part)),
    }
  }

  private interpolation(): Token[] {
    const at = this.at
    if (++this.strings > deepestString) throw syntaxError(this.text, at, 'Strings are nested too deep.')
    this.at += 2
    const tokens = this.tokensUntil(at)
    tokens.push({ type: 'end', at: this.at - 1 })
    this.strings--
    return tokens
  }

  private escape(): string {
    const { at } = this
    const found = this.take(escape)
    if (found === undefined) throw syntaxError(this.text, at, 'This is not an escape of a JSON string.')
    const letter = found[1] as string
    return letter === 'u'
      ? String.fromCharCode(Number.parseInt(found.slice(2), 16))
      : (escaped[letter] as string)
  }

  private skipSpace(): void {
    while (this.take(space) !== undefined || this.take(comment) !== undefined);
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }
}

/** A surrogate without its other half stands for no character: jq reads it as U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}
