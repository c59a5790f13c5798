/** Reads a regular expression into a tree. */
import { fold, ignoringCase, negated, posixClass, property, shorthand } from './classes.ts'
import type { CodeTest, ParsedRegex, Regex, RegexFlags, RepeatMode } from './syntax.ts'

/** Why a pattern is not valid; its message is Oniguruma's. */
export class RegexError {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

function fail(message: string): never {
  throw new RegexError(message)
}

/** @throws RegexError */
export function parseRegex(pattern: string, flags: RegexFlags): ParsedRegex {
  return new RegexParser(pattern, flags).parse()
}

interface Options extends RegexFlags {
  /** `^` and `$` match at every line. */
  readonly lines: boolean
}

const deepest = 200
const mostRepeats = 100_000

class RegexParser {
  private readonly codes: readonly number[]
  private options: Options
  private at = 0
  private depth = 0
  private readonly names: (string | undefined)[] = [undefined]
  private readonly numbersOfNames = new Map<string, number[]>()
  private readonly later: (() => void)[] = []

  constructor(pattern: string, flags: RegexFlags) {
    this.codes = Array.from(pattern, (char) => char.codePointAt(0) as number)
    this.options = { ...flags, lines: false }
    this.findNames(pattern)
  }

  parse(): ParsedRegex {
    const tree = this.choice()
    if (this.at < this.codes.length) fail('unmatched close parenthesis')
    for (const check of this.later) check()
    return { tree, groups: this.names.length - 1, names: this.names }
  }

  /** A name may be referred to before its group. */
  private findNames(pattern: string): void {
    let number = 0
    const opening = /\\[\s\S]|\[(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*\]|\((?!\?)|\(\?(?:<([^=!>][^>]*)>|'([^']*)')/g
    for (const [text, angled, quoted] of pattern.matchAll(opening)) {
      if (!text.startsWith('(')) continue
      number++
      const name = angled ?? quoted
      if (name !== undefined)
        this.numbersOfNames.set(name, [...(this.numbersOfNames.get(name) ?? []), number])
    }
  }

  private choice(): Regex {
    if (++this.depth > deepest) fail('too deep nest level in parse')
    const { options } = this
    const parts: Regex[] = [this.sequence()]
    while (this.accept('|')) parts.push(this.sequence())
    this.options = options
    this.depth--
    return parts.length === 1 ? (parts[0] as Regex) : { type: 'choice', parts }
  }

  private sequence(): Regex {
    const parts: Regex[] = []
    for (;;) {
      if (this.options.extended) this.skipSpace()
      const char = this.peek()
      if (char === '' || char === '|' || char === ')') break
      const atom = this.atom()
      parts.push(this.quantified(atom))
    }
    return parts.length === 1 ? (parts[0] as Regex) : { type: 'sequence', parts }
  }

  private skipSpace(): void {
    for (;;) {
      const char = this.peek()
      if (char === '#') while (this.peek() !== '' && this.peek() !== '\n') this.at++
      else if (char !== '' && /[ \t\n\r\f\v]/.test(char)) this.at++
      else return
    }
  }

  private quantified(atom: Regex): Regex {
    let result = atom
    for (;;) {
      if (this.options.extended) this.skipSpace()
      const range = this.range()
      if (range === undefined) return result
      const { min, max, isBraced } = range
      let mode: RepeatMode = 'greedy'
      if (this.accept('?')) mode = 'lazy'
      else if (!isBraced && this.accept('+')) mode = 'possessive'
      result = { type: 'repeat', body: result, min, max, mode }
    }
  }

  private range(): { min: number; max: number; isBraced: boolean } | undefined {
    switch (this.peek()) {
      case '*':
        this.at++
        return { min: 0, max: Infinity, isBraced: false }
      case '+':
        this.at++
        return { min: 1, max: Infinity, isBraced: false }
      case '?':
        this.at++
        return { min: 0, max: 1, isBraced: false }
      case '{':
        return this.bracedRange()
      default:
        return undefined
    }
  }

  private bracedRange(): { min: number; max: number; isBraced: boolean } | undefined {
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(this.ahead(24))
    if (found === null) return undefined
    const [text, low = '', comma = '', high = ''] = found
    const min = Number(low)
    const max = comma === '' ? min : high === '' ? Infinity : Number(high)
    if (min > mostRepeats || (max !== Infinity && max > mostRepeats)) fail('too big number in repeat range')
    if (max < min) fail('upper is smaller than lower in repeat range')
    this.at += text.length
    return { min, max, isBraced: true }
  }

  private atom(): Regex {
    const char = this.peek()
    switch (char) {
      case '(':
        return this.group()
      case '[':
        this.at++
        return this.set(this.bracket())
      case '.':
        this.at++
        return this.set(this.options.dotAll ? () => true : (code) => code !== 10)
      case '^':
        this.at++
        return { type: 'at', where: this.options.lines ? 'lineStart' : 'start' }
      case '$':
        this.at++
        return { type: 'at', where: this.options.lines ? 'lineEnd' : 'finalLine' }
      case '\\':
        return this.escape()
      case '*':
      case '+':
      case '?':
        return fail('target of repeat operator is not specified')
      default:
        return this.literal(this.codes[this.at++] as number)
    }
  }

  private literal(code: number): Regex {
    if (!this.options.ignoreCase) return { type: 'set', test: (other) => other === code, code }
    const folded = fold(code)
    return { type: 'set', test: (other) => other === code || fold(other) === folded, code: undefined }
  }

  private set(test: CodeTest): Regex {
    return { type: 'set', test: this.options.ignoreCase ? ignoringCase(test) : test, code: undefined }
  }

  private group(): Regex {
    this.at++
    if (!this.accept('?')) return this.capture(undefined)
    const next = this.peek()
    this.at++
    switch (next) {
      case '#':
        while (this.peek() !== '' && this.peek() !== ')') this.at++
        this.close()
        return { type: 'empty' }
      case ':':
        return this.closed(this.choice())
      case '=':
      case '!':
        return { type: 'look', behind: false, negative: next === '!', body: this.closed(this.choice()) }
      case '>':
        return { type: 'atomic', body: this.closed(this.choice()) }
      case '<':
        if (this.peek() === '=' || this.peek() === '!') {
          const negative = this.peek() === '!'
          this.at++
          return { type: 'look', behind: true, negative, body: this.closed(this.choice()) }
        }
        return this.capture(this.name('>'))
      case "'":
        return this.capture(this.name("'"))
      case '(':
        return this.condition()
      default:
        this.at--
        return this.inlineOptions()
    }
  }

  private capture(name: string | undefined): Regex {
    const number = this.names.push(name) - 1
    return { type: 'group', number, body: this.closed(this.choice()) }
  }

  private name(end: string): string {
    let name = ''
    while (this.peek() !== '' && this.peek() !== end && this.peek() !== ')') name += this.take()
    if (name === '') fail('group name is empty')
    if (!this.accept(end) || !/^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u.test(name))
      fail(`invalid group name <${name}>`)
    return name
  }

  private condition(): Regex {
    const found = /^(?:<([^>]*)>|'([^']*)'|(\d+))\)/.exec(this.ahead(200))
    if (found === null) return fail('invalid conditional pattern')
    const [text, angled, quoted, digits] = found
    this.at += text.length
    const numbers = this.numbersOf(angled ?? quoted ?? (digits as string))
    const body = this.closed(this.choice())
    const [yes, no, ...more] = body.type === 'choice' ? body.parts : [body]
    if (more.length > 0) fail('invalid conditional pattern')
    return { type: 'condition', numbers, yes: yes as Regex, no: no ?? { type: 'empty' } }
  }

  /** `(?i)`, which holds to the end of the group around it, and `(?i:…)`. */
  private inlineOptions(): Regex {
    const found = /^([imsx]*)(?:-([imsx]*))?([:)])/.exec(this.ahead(20))
    if (found === null) return fail(this.peek() === '' ? 'end pattern in group' : 'undefined group option')
    const [text, on = '', off = '', end] = found
    this.at += text.length
    const before = this.options
    const flag = (letter: string, now: boolean): boolean =>
      on.includes(letter) ? true : off.includes(letter) ? false : now
    this.options = {
      ignoreCase: flag('i', before.ignoreCase),
      extended: flag('x', before.extended),
      dotAll: flag('s', before.dotAll),
      lines: flag('m', before.lines),
    }
    if (end === ')') return { type: 'empty' }
    const body = this.closed(this.choice())
    this.options = before
    return body
  }

  private closed(body: Regex): Regex {
    this.close()
    return body
  }

  private close(): void {
    if (!this.accept(')')) fail('end pattern with unmatched parenthesis')
  }

  private escape(): Regex {
    this.at++
    const char = this.take()
    const test = Object.hasOwn(shorthand, char) ? shorthand[char] : undefined
    if (test !== undefined) return this.set(test)
    switch (char) {
      case '':
        return fail('end pattern at escape')
      case 'A':
        return { type: 'at', where: 'start' }
      case 'z':
        return { type: 'at', where: 'end' }
      case 'Z':
        return { type: 'at', where: 'finalLine' }
      case 'G':
        return { type: 'at', where: 'searchStart' }
      case 'b':
        return { type: 'at', where: 'word' }
      case 'B':
        return { type: 'at', where: 'notWord' }
      case 'R':
        return lineBreak
      case 'p':
      case 'P':
        if (this.peek() === '{') return this.set(this.property(char === 'P'))
        break
      case 'Q':
        return this.quoted()
      case 'k':
        if (this.peek() === '<' || this.peek() === "'") return this.namedReference()
        break
      case 'g':
        if (this.peek() === '<' || this.peek() === "'") return this.call()
        break
      default:
        if (char >= '1' && char <= '9') return this.numberedReference()
    }
    this.at--
    return this.literal(this.character())
  }

  private namedReference(): Regex {
    const text = this.delimited()
    const number = /^-?\d+$/.test(text) ? Number(text) : undefined
    const numbers =
      number === undefined ? this.numbersOf(text) : [number < 0 ? this.names.length + number : number]
    return { type: 'backreference', numbers, ignoreCase: this.options.ignoreCase }
  }

  private call(): Regex {
    const text = this.delimited()
    const [number] = this.numbersOf(text)
    return { type: 'call', number: number as number }
  }

  private delimited(): string {
    const end = this.take() === '<' ? '>' : "'"
    let text = ''
    while (this.peek() !== '' && this.peek() !== end) text += this.take()
    if (!this.accept(end)) fail(`invalid group name <${text}>`)
    return text
  }

  private numbersOf(name: string): number[] {
    if (/^\d+$/.test(name)) {
      const number = Number(name)
      this.later.push(() => number < this.names.length || fail('invalid backref number/name'))
      return [number]
    }
    return this.numbersOfNames.get(name) ?? fail(`undefined name <${name}> reference`)
  }

  /** `\1`: a reference where there is such a group, or a character in octal digits. */
  private numberedReference(): Regex {
    this.at--
    const [digits = ''] = /^\d+/.exec(this.ahead(6)) as RegExpExecArray
    const number = Number(digits)
    if (number < 10 || number < this.names.length) {
      this.at += digits.length
      this.later.push(() => number < this.names.length || fail('invalid backref number/name'))
      return { type: 'backreference', numbers: [number], ignoreCase: this.options.ignoreCase }
    }
    return this.literal(this.character())
  }

  private quoted(): Regex {
    const parts: Regex[] = []
    while (this.at < this.codes.length && this.ahead(2) !== '\\E')
      parts.push(this.literal(this.codes[this.at++] as number))
    this.at += 2
    return { type: 'sequence', parts }
  }

  private property(isNegative: boolean): CodeTest {
    const found = /^\{(\^?)([^}]*)\}/.exec(this.ahead(80))
    if (found === null) return fail('invalid character property name {}')
    const [text, caret, name = ''] = found
    this.at += text.length
    const test = property(name) ?? fail(`invalid character property name {${name}}`)
    return isNegative !== (caret === '^') ? negated(test) : test
  }

  /** The code point of an escape that stands for one; `at` is behind the backslash. */
  private character(): number {
    const char = this.take()
    const control = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27 }[char]
    if (control !== undefined) return control
    if (char === 'x') return this.digits(/^\{([0-9a-fA-F]{1,8})\}|^([0-9a-fA-F]{0,2})/, 16)
    if (char === 'o' && this.peek() === '{') return this.digits(/^\{([0-7]{1,11})\}/, 8)
    if (char >= '0' && char <= '7') {
      this.at--
      return this.digits(/^([0-7]{1,3})/, 8)
    }
    if (char === 'c') return (this.codes[this.at++] ?? fail('end pattern at control')) & 0x1f
    return char.codePointAt(0) ?? fail('end pattern at escape')
  }

  private digits(pattern: RegExp, base: number): number {
    const found = pattern.exec(this.ahead(14))
    if (found === null) return fail('invalid code point value')
    this.at += found[0].length
    const code = Number.parseInt(found[1] ?? found[2] ?? '0', base)
    if (code > 0x10ffff) fail('too big wide-char value')
    return Number.isNaN(code) ? 0 : code
  }

  /** The inside of `[…]`. */
  private bracket(): CodeTest {
    const isNegative = this.accept('^')
    const tests: CodeTest[] = []
    const singles = new Set<number>()
    for (let isFirst = true; ; isFirst = false) {
      const char = this.peek()
      if (char === '') return fail('premature end of char-class')
      if (char === ']' && !isFirst) break
      const item = this.bracketItem()
      if (typeof item === 'function') tests.push(item)
      else if (this.peek() === '-' && this.ahead(2)[1] !== ']' && this.ahead(2).length === 2)
        tests.push(this.codeRange(item))
      else singles.add(item)
    }
    this.at++
    const test: CodeTest = (code) => singles.has(code) || tests.some((inner) => inner(code))
    if (!isNegative) return test
    return this.options.ignoreCase ? negated(ignoringCase(test)) : negated(test)
  }

  private codeRange(from: number): CodeTest {
    this.at++
    const to = this.bracketItem()
    if (typeof to === 'function') return (code) => code === from || code === 45 || to(code)
    if (to < from) fail('empty range in char class')
    return (code) => code >= from && code <= to
  }

  private bracketItem(): number | CodeTest {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.ahead(14))
    if (posix !== null) {
      const [text, caret, name = ''] = posix
      const test = posixClass(name)
      if (test !== undefined) {
        this.at += text.length
        return caret === '^' ? negated(test) : test
      }
    }
    if (this.peek() !== '\\') return this.codes[this.at++] as number
    this.at++
    const char = this.peek()
    const test = Object.hasOwn(shorthand, char) ? shorthand[char] : undefined
    if (test !== undefined) {
      this.at++
      return test
    }
    if ((char === 'p' || char === 'P') && this.ahead(2)[1] === '{') {
      this.at++
      return this.property(char === 'P')
    }
    if (char === 'b') {
      this.at++
      return 8
    }
    return this.character()
  }

  private peek(): string {
    const code = this.codes[this.at]
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  private take(): string {
    const char = this.peek()
    if (char !== '') this.at++
    return char
  }

  private accept(char: string): boolean {
    if (this.peek() !== char) return false
    this.at++
    return true
  }

  private ahead(length: number): string {
    return String.fromCodePoint(...this.codes.slice(this.at, this.at + length))
  }
}

function codes(...accepted: readonly number[]): Regex {
  return { type: 'set', test: (code) => accepted.includes(code), code: undefined }
}

/** `\R`: CR LF as one, or any single line break. */
const lineBreak: Regex = {
  type: 'atomic',
  body: {
    type: 'choice',
    parts: [{ type: 'sequence', parts: [codes(13), codes(10)] }, codes(10, 11, 12, 13, 0x85, 0x2028, 0x2029)],
  },
}
