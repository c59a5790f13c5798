import { limits } from './limits.ts'

/**
 * Whether the whole of `subject` matches a regular expression, in time that grows with the product of their
 * lengths, whatever they are: all ways to match are followed at once, one character after the other.
 * Understands what languages share: literals, `.`, classes, groups, `|`, `* + ? {m,n}`, `^ $` at the ends,
 * and the escapes `\d \w \s` and their opposites. No back references, no look-around.
 * `undefined` where the pattern is not one of these, or is too long.
 */
export function fullMatch(pattern: string, subject: string): boolean | undefined {
  if (pattern.length > limits.pattern) return undefined
  let automaton = known.get(pattern)
  if (automaton === undefined) {
    automaton = prepare(pattern)
    if (known.size >= most) known.delete(known.keys().next().value as string)
    known.set(pattern, automaton)
  }
  return automaton === null ? undefined : subject.length <= limits.subject && accepts(automaton, subject)
}

type Test = (code: number) => boolean

/** A state takes a character and goes to `next`, or goes to `next` and `also` without one. */
interface State {
  readonly test: Test | undefined
  next: number
  also: number
}

interface Automaton {
  readonly states: readonly State[]
  readonly start: number
  readonly end: number
}

const known = new Map<string, Automaton | null>()
const most = 1000
const mostStates = 5000

function accepts({ states, start, end }: Automaton, subject: string): boolean {
  let current = reach(states, [start])
  for (const character of subject) {
    const code = character.codePointAt(0) as number
    const next: number[] = []
    for (const index of current) {
      const state = states[index] as State
      if (state.test?.(code)) next.push(state.next)
    }
    if (next.length === 0) return false
    current = reach(states, next)
  }
  return current.has(end)
}

function reach(states: readonly State[], from: readonly number[]): Set<number> {
  const reached = new Set<number>()
  const open = [...from]
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (index < 0 || reached.has(index)) continue
    reached.add(index)
    const state = states[index] as State
    if (state.test === undefined) open.push(state.next, state.also)
  }
  return reached
}

function prepare(pattern: string): Automaton | null {
  try {
    return new Builder(pattern).build()
  } catch {
    return null
  }
}

/** A part of the automaton under construction: it begins at `start`, and `end` is a state that goes nowhere yet. */
interface Part {
  readonly start: number
  readonly end: number
}

class Builder {
  readonly #characters: readonly string[]
  readonly #states: State[] = []
  #at = 0

  constructor(pattern: string) {
    this.#characters = [...pattern]
  }

  build(): Automaton {
    const part = this.#alternatives()
    if (this.#at < this.#characters.length) throw new SyntaxError('unexpected )')
    return { states: this.#states, start: part.start, end: part.end }
  }

  #alternatives(): Part {
    let part = this.#sequence()
    while (this.#take('|')) {
      const other = this.#sequence()
      const end = this.#state()
      const start = this.#state(undefined, part.start, other.start)
      this.#link(part, end)
      this.#link(other, end)
      part = { start, end }
    }
    return part
  }

  #sequence(): Part {
    const start = this.#state()
    let part: Part = { start, end: start }
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      const begun = this.#at
      const piece = this.#repeated(this.#atom(), begun)
      this.#link(part, piece.start)
      part = { start, end: piece.end }
    }
    return part
  }

  #atom(): Part {
    const character = this.#next()
    if (character === '(') return this.#group()
    if (character === '[') return this.#single(this.#class())
    if (character === '.') return this.#single((code) => code !== 10 && code !== 13)
    if (character === '\\') return this.#single(this.#escape())
    if (character === '^' || character === '$') return this.#anchor(character)
    if ('*+?{}])'.includes(character)) throw new SyntaxError(`unexpected ${character}`)
    return this.#single(equals(character))
  }

  /** The whole is matched anyway, so an anchor changes nothing where it may stand: at the pattern's ends. */
  #anchor(character: string): Part {
    if (this.#at !== (character === '^' ? 1 : this.#characters.length)) throw new SyntaxError('anchor within')
    const state = this.#state()
    return { start: state, end: state }
  }

  #group(): Part {
    if (this.#take('?') && !this.#take(':')) throw new SyntaxError('only (?: is supported')
    const part = this.#alternatives()
    if (!this.#take(')')) throw new SyntaxError('missing )')
    return part
  }

  #repeated(part: Part, begun: number): Part {
    const bounds = this.#bounds()
    if (!bounds) return part
    this.#take('?')
    const after = this.#at
    const { least, greatest } = bounds
    if (greatest !== undefined && greatest < least) throw new SyntaxError('bounds out of order')
    const again = () => {
      this.#at = begun
      const copy = this.#atom()
      this.#at = after
      return copy
    }
    const start = this.#state()
    let result: Part = { start, end: start }
    const append = (piece: Part) => {
      this.#link(result, piece.start)
      result = { start, end: piece.end }
    }
    for (let i = 0; i < least; i++) append(i === 0 ? part : again())
    if (greatest === undefined) append(this.#loop(least === 0 ? part : again()))
    else for (let i = least; i < greatest; i++) append(this.#optional(i === 0 ? part : again()))
    this.#at = after
    return result
  }

  #bounds(): { least: number; greatest: number | undefined } | undefined {
    if (this.#take('*')) return { least: 0, greatest: undefined }
    if (this.#take('+')) return { least: 1, greatest: undefined }
    if (this.#take('?')) return { least: 0, greatest: 1 }
    if (!this.#take('{')) return undefined
    const least = this.#number()
    if (this.#take('}')) return { least, greatest: least }
    if (!this.#take(',')) throw new SyntaxError('not a bound')
    if (this.#take('}')) return { least, greatest: undefined }
    const greatest = this.#number()
    if (!this.#take('}')) throw new SyntaxError('not a bound')
    return { least, greatest }
  }

  #number(): number {
    let digits = ''
    for (let next = this.#peek(); next !== undefined && next >= '0' && next <= '9'; next = this.#peek())
      digits += this.#next()
    if (digits === '' || digits.length > 4) throw new SyntaxError('not a number')
    return Number(digits)
  }

  #loop(part: Part): Part {
    const end = this.#state()
    const start = this.#state(undefined, part.start, end)
    this.#link(part, start)
    return { start, end }
  }

  #optional(part: Part): Part {
    const end = this.#state()
    const start = this.#state(undefined, part.start, end)
    this.#link(part, end)
    return { start, end }
  }

  #single(test: Test): Part {
    const end = this.#state()
    return { start: this.#state(test, end), end }
  }

  #class(): Test {
    const negated = this.#take('^')
    const tests: Test[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const from = this.#next()
      if (from === '\\') {
        tests.push(this.#escape())
        continue
      }
      const ranged = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']'
      if (!ranged) {
        tests.push(equals(from))
        continue
      }
      this.#next()
      const to = this.#next()
      if (to === '\\' || codeOf(to) < codeOf(from)) throw new SyntaxError('not a range')
      tests.push((code) => code >= codeOf(from) && code <= codeOf(to))
    }
    this.#next()
    return (code) => tests.some((test) => test(code)) !== negated
  }

  #escape(): Test {
    const character = this.#next()
    const named = escapes[character]
    if (named) return named
    if (/[A-Za-z0-9]/.test(character)) throw new SyntaxError(`\\${character} is not supported`)
    return equals(character)
  }

  #state(test?: Test, next = -1, also = -1): number {
    if (this.#states.push({ test, next, also }) > mostStates) throw new RangeError('too large')
    return this.#states.length - 1
  }

  #link(part: Part, to: number): void {
    const end = this.#states[part.end] as State
    end.next = to
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false
    this.#at++
    return true
  }

  #next(): string {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw new SyntaxError('it ends too soon')
    return character
  }
}

const isDigit: Test = (code) => code >= 48 && code <= 57
const isWord: Test = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)
const isSpace: Test = (code) => /\s/.test(String.fromCodePoint(code))

const escapes: { readonly [letter: string]: Test | undefined } = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isSpace,
  S: (code) => !isSpace(code),
  t: equals('\t'),
  n: equals('\n'),
  r: equals('\r'),
}

function equals(character: string): Test {
  const expected = codeOf(character)
  return (code) => code === expected
}

function codeOf(character: string): number {
  return character.codePointAt(0) as number
}
