/** Reads a filter's text into a syntax tree, by the grammar of jq 1.8. */
import type {
  AssignOp,
  BinaryOp,
  Branch,
  Definition,
  MemberPattern,
  Node,
  Pair,
  Param,
  Pattern,
} from './ast.ts'
import { positionAt, refused, syntaxError } from './errors.ts'
import type { Token } from './lexer.ts'
import { tokenize } from './lexer.ts'
import { intern } from './values.ts'

/** @throws JqError `SLUSE-JQ-SYNTAX`, or `SLUSE-JQ-REFUSED` for modules, with the position. */
export function parse(text: string): Node {
  const parser = new Parser(text, tokenize(text), { depth: 0 })
  return parser.program()
}

/** Nesting costs stack, in this parser and again when the filter runs. */
const deepest = 500

const binary: Readonly<Record<string, number>> = {
  ...{ '//': 1, '=': 2, '|=': 2, '+=': 2, '-=': 2, '*=': 2, '/=': 2, '%=': 2, '//=': 2, or: 3, and: 4 },
  ...{ '==': 5, '!=': 5, '<': 5, '<=': 5, '>': 5, '>=': 5, '+': 6, '-': 6, '*': 7, '/': 7, '%': 7 },
}

const rightAssociative = 1
const notAssociative: ReadonlySet<number> = new Set([2, 5])

class Parser {
  private readonly text: string
  private readonly tokens: readonly Token[]
  private readonly nesting: { depth: number }
  private next = 0

  constructor(text: string, tokens: readonly Token[], nesting: { depth: number }) {
    this.text = text
    this.tokens = tokens
    this.nesting = nesting
  }

  program(): Node {
    const first = this.peek()
    if (this.isKeyword('module') || this.isKeyword('import') || this.isKeyword('include')) {
      throw refused(this.text, first.at, 'Modules are not supported: a filter is complete in itself.')
    }
    const query = first.type === 'end' ? identity(first.at) : this.query(true)
    this.expectEnd()
    return query
  }

  /**
   * `def … ; query`, `term as $x | query`, `label $x | query`, and `|` over `,` over operators.
   * A whole filter may end after a definition, and then gives its input.
   */
  private query(mayEndAfterDefinition = false): Node {
    this.descend()
    const { at } = this.peek()
    let result: Node
    if (this.isKeyword('def')) {
      const definition = this.definition()
      const ends = mayEndAfterDefinition && this.peek().type === 'end'
      const rest = ends ? identity(this.peek().at) : this.query(mayEndAfterDefinition)
      result = { type: 'function', at, definition, rest }
    } else {
      result = this.pipeline(at)
    }
    this.nesting.depth--
    return result
  }

  private pipeline(at: number): Node {
    const parts: Node[] = []
    do {
      if (parts.length > 0 && this.isKeyword('def')) {
        parts.push(this.query())
        break
      }
      const { node, ended } = this.commas()
      parts.push(node)
      if (ended) break
    } while (this.accept('|'))
    return parts.length === 1 ? (parts[0] as Node) : { type: 'pipe', at, parts }
  }

  /** `ended` says that the last part took the rest of the pipeline with it, as a binding does. */
  private commas(): { node: Node; ended: boolean } {
    const { at } = this.peek()
    const parts: Node[] = []
    let ended = false
    do {
      if (this.isKeyword('def')) {
        parts.push(this.query())
        ended = true
        break
      }
      const start = this.peek().at
      if (this.isKeyword('label')) {
        parts.push(this.label())
        ended = true
      } else {
        const source = this.expression(0)
        ended = this.isKeyword('as')
        parts.push(ended ? this.binding(start, source) : source)
      }
    } while (!ended && this.accept(','))
    return { node: parts.length === 1 ? (parts[0] as Node) : { type: 'comma', at, parts }, ended }
  }

  private label(): Node {
    const { at } = this.advance()
    const name = this.variableName('A label is a variable: label $name | …')
    this.expect('|')
    return { type: 'label', at, name, body: this.query() }
  }

  private binding(at: number, source: Node): Node {
    this.advance()
    const patterns = this.patterns()
    this.expect('|')
    return { type: 'bind', at, source, patterns, body: this.query() }
  }

  private expression(minimum: number): Node {
    let left = this.postfix()
    for (;;) {
      const token = this.peek()
      const operator = token.type === 'op' || token.type === 'keyword' ? token.text : ''
      const power = Object.hasOwn(binary, operator) ? (binary[operator] as number) : 0
      if (power === 0 || power < minimum) return left
      this.advance()
      this.descend()
      const right = this.expression(power === rightAssociative ? power : power + 1)
      this.nesting.depth--
      left = combine(token.at, operator, left, right)
      if (notAssociative.has(power) && this.powerAhead() === power) {
        throw this.unexpected('Operators of this kind do not follow one another; use parentheses.')
      }
    }
  }

  private powerAhead(): number {
    const token = this.peek()
    return token.type === 'op' && Object.hasOwn(binary, token.text) ? (binary[token.text] as number) : 0
  }

  private postfix(): Node {
    let node = this.term()
    for (;;) {
      const token = this.peek()
      if (token.type === 'field') {
        this.advance()
        node = this.indexed(token.at, node, { type: 'literal', at: token.at, value: token.text })
      } else if (token.type === 'op' && token.text === '.') {
        this.advance()
        node = this.afterDot(token.at, node)
      } else if (token.type === 'op' && token.text === '[') {
        node = this.bracket(node)
      } else if (token.type === 'op' && token.text === '?') {
        this.advance()
        node = { type: 'try', at: token.at, body: node, handler: undefined }
      } else {
        return node
      }
    }
  }

  /** What may follow a `.` that is no field: a string or a bracket. */
  private afterDot(at: number, target: Node): Node {
    const token = this.peek()
    if (token.type === 'string' || token.type === 'format') return this.indexed(at, target, this.string())
    if (token.type === 'op' && token.text === '[') return this.bracket(target)
    throw this.unexpected(
      'A "." is followed by a name, a string or a bracket; write .["name"] for an unusual name.',
    )
  }

  private indexed(at: number, target: Node, key: Node): Node {
    return { type: 'index', at, target, key, optional: this.accept('?') }
  }

  private bracket(target: Node): Node {
    const { at } = this.advance()
    if (this.accept(']')) return { type: 'iterate', at, target, optional: this.accept('?') }
    if (this.accept(':')) {
      const to = this.query()
      this.expect(']')
      return { type: 'slice', at, target, from: undefined, to, optional: this.accept('?') }
    }
    const key = this.query()
    if (this.accept(':')) {
      const to = this.isOp(']') ? undefined : this.query()
      this.expect(']')
      return { type: 'slice', at, target, from: key, to, optional: this.accept('?') }
    }
    this.expect(']')
    return this.indexed(at, target, key)
  }

  private term(): Node {
    const token = this.peek()
    switch (token.type) {
      case 'number':
        this.advance()
        return { type: 'literal', at: token.at, value: token.value }
      case 'string':
        return this.string()
      case 'format':
        return this.formatted(token.at, token.text)
      case 'field':
        this.advance()
        return this.indexed(token.at, identity(token.at), {
          type: 'literal',
          at: token.at,
          value: token.text,
        })
      case 'variable':
        this.advance()
        return token.text === '__loc__'
          ? this.place(token.at)
          : { type: 'variable', at: token.at, name: token.text }
      case 'name':
        return this.call(token.at, token.text)
      case 'keyword':
        return this.keywordTerm(token.at, token.text)
      case 'op':
        return this.operatorTerm(token.at, token.text)
      case 'end':
        throw this.unexpected()
    }
  }

  private formatted(at: number, name: string): Node {
    if (this.tokens[this.next + 1]?.type === 'string') return this.string()
    this.advance()
    return { type: 'format', at, name }
  }

  private string(): Node {
    const start = this.advance()
    const format = start.type === 'format' ? start.text : 'text'
    const token = start.type === 'format' ? this.advance() : start
    if (token.type !== 'string') throw syntaxError(this.text, token.at, 'A string is expected here.')
    const parts: (string | Node)[] = token.parts.map((part) => {
      if (typeof part === 'string') return part
      const inner = new Parser(this.text, part, this.nesting)
      const node = inner.query()
      inner.expectEnd()
      return node
    })
    const [only] = parts
    if (parts.length === 1 && typeof only === 'string')
      return { type: 'literal', at: token.at, value: intern(only) }
    return { type: 'string', at: token.at, format, parts: parts.filter((part) => part !== '') }
  }

  private place(at: number): Node {
    return { type: 'literal', at, value: { file: '<top-level>', line: positionAt(this.text, at).line } }
  }

  private call(at: number, name: string): Node {
    this.advance()
    if (!this.isOp('(')) {
      if (name === 'null') return { type: 'literal', at, value: null }
      if (name === 'true' || name === 'false') return { type: 'literal', at, value: name === 'true' }
      return { type: 'call', at, name, args: [] }
    }
    const args: Node[] = []
    do {
      this.advance()
      args.push(this.query())
    } while (this.isOp(';'))
    this.expect(')')
    return { type: 'call', at, name, args }
  }

  private operatorTerm(at: number, operator: string): Node {
    switch (operator) {
      case '.':
        this.advance()
        if (this.peek().type === 'string' || this.peek().type === 'format') {
          return this.indexed(at, identity(at), this.string())
        }
        return this.isOp('[') ? this.bracket(identity(at)) : identity(at)
      case '..':
        this.advance()
        return { type: 'call', at, name: 'recurse', args: [] }
      case '-': {
        this.advance()
        this.descend()
        const body = this.postfix()
        this.nesting.depth--
        return { type: 'negate', at, body }
      }
      case '(': {
        this.advance()
        const inner = this.query()
        this.expect(')')
        return inner
      }
      case '[': {
        this.advance()
        if (this.accept(']')) return { type: 'array', at, body: undefined }
        const body = this.query()
        this.expect(']')
        return { type: 'array', at, body }
      }
      case '{':
        return this.object(at)
      default:
        throw this.unexpected()
    }
  }

  private keywordTerm(at: number, keyword: string): Node {
    switch (keyword) {
      case 'if':
        return this.condition(at)
      case 'try':
        return this.attempt(at)
      case 'reduce':
      case 'foreach':
        return this.fold(at, keyword)
      case 'break':
        this.advance()
        return { type: 'break', at, name: this.variableName('A break names its label: break $name') }
      case 'import':
      case 'include':
        throw refused(this.text, at, 'Modules are not supported: a filter is complete in itself.')
      default:
        throw this.unexpected()
    }
  }

  private condition(at: number): Node {
    const branches: Branch[] = []
    do {
      this.advance()
      const condition = this.query()
      this.expectKeyword('then')
      branches.push({ condition, body: this.query() })
    } while (this.isKeyword('elif'))
    let otherwise: Node | undefined
    if (this.isKeyword('else')) {
      this.advance()
      otherwise = this.query()
    }
    this.expectKeyword('end')
    return { type: 'if', at, branches, otherwise }
  }

  private attempt(at: number): Node {
    this.advance()
    this.descend()
    const body = this.postfix()
    let handler: Node | undefined
    if (this.isKeyword('catch')) {
      this.advance()
      handler = this.postfix()
    }
    this.nesting.depth--
    return { type: 'try', at, body, handler }
  }

  private fold(at: number, keyword: 'reduce' | 'foreach'): Node {
    this.advance()
    const source = this.expression(0)
    this.expectKeyword('as')
    const patterns = this.patterns()
    this.expect('(')
    const init = this.query()
    this.expect(';')
    const update = this.query()
    let extract: Node | undefined
    if (keyword === 'foreach' && this.accept(';')) extract = this.query()
    this.expect(')')
    if (keyword === 'reduce') return { type: 'reduce', at, source, patterns, init, update }
    return { type: 'foreach', at, source, patterns, init, update, extract }
  }

  private definition(): Definition {
    const { at } = this.advance()
    const name = this.peek()
    if (name.type !== 'name' && name.type !== 'keyword') throw this.unexpected('A function needs a name.')
    if (name.type === 'keyword')
      throw this.unexpected(`"${name.text}" is a keyword, so it names no function.`)
    this.advance()
    const params: Param[] = []
    if (this.isOp('(')) {
      do {
        this.advance()
        params.push(this.param())
      } while (this.isOp(';'))
      this.expect(')')
    }
    this.expect(':')
    const body = this.query()
    this.expect(';')
    return { at, name: name.text, params, body }
  }

  private param(): Param {
    const token = this.peek()
    if (token.type !== 'name' && token.type !== 'variable')
      throw this.unexpected('A parameter is a name or a $name.')
    this.advance()
    return { name: token.text, isValue: token.type === 'variable' }
  }

  private object(at: number): Node {
    this.advance()
    const pairs: Pair[] = []
    while (!this.isOp('}')) {
      pairs.push(this.pair())
      if (!this.accept(',')) break
    }
    this.expect('}')
    return { type: 'object', at, pairs }
  }

  private pair(): Pair {
    const token = this.peek()
    const literal = (value: string): Node => ({ type: 'literal', at: token.at, value })
    const member = (key: Node): Node => ({
      type: 'index',
      at: token.at,
      target: identity(token.at),
      key,
      optional: false,
    })
    if (token.type === 'variable') {
      this.advance()
      const value: Node =
        token.text === '__loc__' ? this.place(token.at) : { type: 'variable', at: token.at, name: token.text }
      if (token.text !== '__loc__' && this.accept(':')) return { key: value, value: this.objectValue() }
      return { key: literal(token.text), value }
    }
    let key: Node
    if (token.type === 'name' || token.type === 'keyword') {
      this.advance()
      key = literal(token.text)
    } else if (
      token.type === 'string' ||
      (token.type === 'format' && this.tokens[this.next + 1]?.type === 'string')
    ) {
      key = this.string()
    } else if (this.accept('(')) {
      key = this.keyQuery()
      this.expect(':')
      return { key, value: this.objectValue() }
    } else {
      throw this.unexpected('An object key that is no name or string needs parentheses.')
    }
    if (this.accept(':')) return { key, value: this.objectValue() }
    return { key, value: member(key) }
  }

  /** The rest of a key in parentheses. */
  private keyQuery(): Node {
    const key = this.query()
    this.expect(')')
    if (key.type === 'literal' && typeof key.value !== 'string') {
      throw syntaxError(this.text, key.at, `An object key is a string, not ${JSON.stringify(key.value)}.`)
    }
    return key
  }

  /** Within an object `,` separates members, so a value is operators and `|` alone. */
  private objectValue(): Node {
    this.descend()
    const { at } = this.peek()
    const parts: Node[] = []
    do parts.push(this.expression(0))
    while (this.accept('|'))
    this.nesting.depth--
    return parts.length === 1 ? (parts[0] as Node) : { type: 'pipe', at, parts }
  }

  private patterns(): Pattern[] {
    const patterns: Pattern[] = []
    do patterns.push(this.pattern())
    while (this.accept('?//'))
    return patterns
  }

  private pattern(): Pattern {
    const { at } = this.peek()
    this.descend()
    let result: Pattern
    if (this.accept('[')) {
      const elements: Pattern[] = []
      do elements.push(this.pattern())
      while (this.accept(','))
      this.expect(']')
      result = { type: 'array', at, elements }
    } else if (this.accept('{')) {
      const members: MemberPattern[] = []
      do members.push(this.memberPattern())
      while (this.accept(','))
      this.expect('}')
      result = { type: 'object', at, members }
    } else {
      result = {
        type: 'variable',
        at,
        name: this.variableName('A pattern is a $variable, an array or an object.'),
      }
    }
    this.nesting.depth--
    return result
  }

  private memberPattern(): MemberPattern {
    const token = this.peek()
    if (token.type === 'variable') {
      this.advance()
      const value = this.accept(':') ? this.pattern() : undefined
      return { key: { type: 'literal', at: token.at, value: token.text }, bind: token.text, value }
    }
    let key: Node
    if (token.type === 'name' || token.type === 'keyword') {
      this.advance()
      key = { type: 'literal', at: token.at, value: token.text }
    } else if (token.type === 'string' || token.type === 'format') {
      key = this.string()
    } else {
      this.expect('(')
      key = this.keyQuery()
    }
    this.expect(':')
    return { key, bind: undefined, value: this.pattern() }
  }

  private variableName(otherwise: string): string {
    const token = this.peek()
    if (token.type !== 'variable') throw this.unexpected(otherwise)
    this.advance()
    return token.text
  }

  private descend(): void {
    if (++this.nesting.depth > deepest) {
      throw syntaxError(this.text, this.peek().at, `The filter is nested more than ${deepest} levels deep.`)
    }
  }

  private peek(): Token {
    return this.tokens[this.next] as Token
  }

  private advance(): Token {
    return this.tokens[this.next++] as Token
  }

  private isOp(text: string): boolean {
    const token = this.peek()
    return token.type === 'op' && token.text === text
  }

  private isKeyword(text: string): boolean {
    const token = this.peek()
    return token.type === 'keyword' && token.text === text
  }

  private accept(text: string): boolean {
    if (!this.isOp(text)) return false
    this.next++
    return true
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected(`"${text}" is expected here.`)
  }

  private expectKeyword(text: string): void {
    if (!this.isKeyword(text)) throw this.unexpected(`"${text}" is expected here.`)
    this.advance()
  }

  private expectEnd(): void {
    if (this.peek().type !== 'end')
      throw this.unexpected('An operator is expected here, or the end of the filter.')
  }

  private unexpected(hint = ''): Error {
    const token = this.peek()
    const what =
      token.type === 'end'
        ? token.at === this.text.length
          ? 'The filter ends too early.'
          : 'The interpolation ends too early.'
        : `Unexpected ${shown(token)}.`
    return syntaxError(this.text, token.at, hint === '' ? what : `${what} ${hint}`)
  }
}

function shown(token: Token): string {
  if (token.type === 'number') return String(token.value)
  if (token.type === 'string') return 'string'
  if (token.type === 'end') return 'end'
  const sigil = { format: '@', field: '.', variable: '$', name: '', keyword: '', op: '' }[token.type]
  return `"${sigil}${token.text}"`
}

function identity(at: number): Node {
  return { type: 'identity', at }
}

function combine(at: number, operator: string, left: Node, right: Node): Node {
  switch (operator) {
    case 'and':
    case 'or':
      return { type: 'logic', at, op: operator, left, right }
    case '//':
      return { type: 'alternative', at, left, right }
    default:
      if (binary[operator] === 2)
        return { type: 'assign', at, op: operator as AssignOp, target: left, value: right }
      return { type: 'binary', at, op: operator as BinaryOp, left, right }
  }
}
