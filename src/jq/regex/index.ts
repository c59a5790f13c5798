/**
 * Regular expressions in the dialect of jq (Oniguruma's Perl syntax, with named groups), on code points. They
 * are not given to the host's engine, because that cannot be stopped when a pattern backtracks without end.
 */
import { raise } from '../errors.ts'
import { LimitReached } from '../errors.ts'
import { spend, state } from '../limits.ts'
import { Machine } from './machine.ts'
import { RegexError, parseRegex } from './parser.ts'
import type { Program } from './program.ts'
import { assemble } from './program.ts'

export interface Group {
  /** In code points; -1 for a group that took no part. */
  readonly offset: number
  readonly length: number
  readonly string: string | null
  readonly name: string | null
}

export interface Match {
  readonly offset: number
  readonly length: number
  readonly string: string
  readonly groups: readonly Group[]
}

interface Compiled {
  readonly program: Program
  readonly names: readonly (string | undefined)[]
  readonly isGlobal: boolean
  readonly longest: boolean
  readonly notEmpty: boolean
}

const cache = new Map<string, Compiled>()
const cacheSize = 500

function compileRegex(pattern: string, flags: string): Compiled {
  const key = `${flags}/${pattern}`
  const known = cache.get(key)
  if (known !== undefined) return known
  if (/[^gimspxln]/.test(flags)) raise(`${flags} is not a valid modifier string`)
  spend(pattern.length)
  try {
    const dotAll = /[mp]/.test(flags)
    const regex = parseRegex(pattern, {
      ignoreCase: flags.includes('i'),
      extended: flags.includes('x'),
      dotAll,
    })
    const compiled = {
      program: assemble(regex),
      names: regex.names,
      isGlobal: flags.includes('g'),
      longest: flags.includes('l'),
      notEmpty: flags.includes('n'),
    }
    if (cache.size >= cacheSize) cache.delete(cache.keys().next().value as string)
    cache.set(key, compiled)
    return compiled
  } catch (error) {
    if (error instanceof RegexError) return raise(`Regex failure: ${error.message}`)
    if (error instanceof RangeError) return raise('Regex failure: the pattern is too large')
    throw error
  }
}

/** A subject in code points, and how to cut strings out of it. */
class Subject {
  readonly codes: readonly number[]
  private readonly text: string
  /** Where each code point begins in the text; `undefined` where that is its own number. */
  private readonly units: readonly number[] | undefined

  constructor(text: string) {
    if (text.length > state.limits.subject) {
      throw new LimitReached(
        `A string of more than ${state.limits.subject} characters was matched against a regular expression.`,
      )
    }
    spend(text.length >> 3)
    this.text = text
    const codes: number[] = []
    const units: number[] = []
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i) as number
      codes.push(code)
      units.push(i)
      if (code > 0xffff) i++
    }
    units.push(text.length)
    this.codes = codes
    this.units = codes.length === text.length ? undefined : units
  }

  slice(start: number, end: number): string {
    const { units } = this
    return units === undefined ? this.text.slice(start, end) : this.text.slice(units[start], units[end])
  }
}

export function testRegex(text: string, pattern: string, flags: string): boolean {
  const regex = compileRegex(pattern, flags)
  return new Machine(regex.program, new Subject(text).codes).search(0, regex) !== undefined
}

/** The first match, or all of them with the flag `g`. */
export function matchRegex(
  text: string,
  pattern: string,
  flags: string,
): { matches: Match[]; slice: (start: number, end: number) => string; length: number } {
  const regex = compileRegex(pattern, flags)
  const subject = new Subject(text)
  const machine = new Machine(regex.program, subject.codes)
  const matches: Match[] = []
  for (let start = 0; start <= subject.codes.length;) {
    const found = machine.search(start, regex)
    if (found === undefined) break
    spend(1)
    matches.push(describe(found, subject, regex.names))
    if (!regex.isGlobal) break
    const end = found[1] as number
    start = end === found[0] ? end + 1 : end
  }
  return { matches, slice: (start, end) => subject.slice(start, end), length: subject.codes.length }
}

function describe(found: Int32Array, subject: Subject, names: readonly (string | undefined)[]): Match {
  const [offset, end] = found as unknown as [number, number]
  const groups: Group[] = []
  for (let i = 1; i < names.length; i++) {
    const start = found[2 * i] as number
    const stop = found[2 * i + 1] as number
    const name = names[i] ?? null
    if (start === -1 || stop === -1) groups.push({ offset: -1, length: 0, string: null, name })
    else groups.push({ offset: start, length: stop - start, string: subject.slice(start, stop), name })
  }
  return { offset, length: end - offset, string: subject.slice(offset, end), groups }
}
