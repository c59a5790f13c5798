/** Sets of code points: `\w`, `[[:alpha:]]`, `\p{…}`, and equality of letters without regard to case. */
import type { CodeTest } from './syntax.ts'

/** A test by one of JavaScript's Unicode properties, remembered for the code points below 256 once it is used. */
function byPattern(pattern: RegExp): CodeTest {
  let known: boolean[] | undefined
  return (code) => {
    if (code >= 256) return pattern.test(String.fromCodePoint(code))
    known ??= Array.from({ length: 256 }, (_, below) => pattern.test(String.fromCodePoint(below)))
    return known[code] as boolean
  }
}

export function negated(test: CodeTest): CodeTest {
  return (code) => !test(code)
}

export const isWord = byPattern(/^[\p{L}\p{M}\p{N}\p{Pc}]$/u)
const isDigit = byPattern(/^\p{Nd}$/u)
const isSpace = byPattern(/^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u)

/** What `\d`, `\s` and `\w` stand for. */
export const shorthand: Readonly<Record<string, CodeTest>> = {
  d: isDigit,
  D: negated(isDigit),
  s: isSpace,
  S: negated(isSpace),
  w: isWord,
  W: negated(isWord),
}

const isGraphic = byPattern(/^[^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}]$/u)

/** POSIX names, which are also known as properties. */
const named: Readonly<Record<string, CodeTest>> = {
  alnum: byPattern(/^[\p{Alphabetic}\p{Nd}]$/u),
  alpha: byPattern(/^\p{Alphabetic}$/u),
  ascii: (code) => code < 128,
  blank: byPattern(/^[\t\p{Zs}]$/u),
  cntrl: byPattern(/^\p{Cc}$/u),
  digit: isDigit,
  graph: isGraphic,
  lower: byPattern(/^\p{Lowercase}$/u),
  print: (code) => isGraphic(code) || named['blank']?.(code) === true,
  punct: byPattern(/^[\p{P}$+<=>^`|~]$/u),
  space: isSpace,
  upper: byPattern(/^\p{Uppercase}$/u),
  xdigit: byPattern(/^[0-9a-fA-F]$/u),
  word: isWord,
  any: () => true,
}

export function posixClass(name: string): CodeTest | undefined {
  return Object.hasOwn(named, name) ? named[name] : undefined
}

/** `\p{name}`, without regard to case, spaces, `-` and `_`; `undefined` for a name that is not known. */
export function property(name: string): CodeTest | undefined {
  const plain = name.replace(/[\s_-]/g, '').toLowerCase()
  if (Object.hasOwn(named, plain)) return named[plain]
  const words = name.trim().split(/[\s_-]+/)
  const title = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('_')
  const short = plain.charAt(0).toUpperCase() + plain.slice(1)
  for (const source of [short, title, `Script=${title}`, `Script=${short}`]) {
    try {
      return byPattern(new RegExp(`^\\p{${source}}$`, 'u'))
    } catch {
      // Not the name of such a property: try the next way to read it.
    }
  }
  return undefined
}

/** One representative of all the letters that differ in case only. */
export function fold(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code
  const upper = String.fromCodePoint(code).toUpperCase()
  const lower = upper.toLowerCase()
  const folded = lower.codePointAt(0) as number
  return String.fromCodePoint(folded) === lower ? folded : code
}

export function ignoringCase(test: CodeTest): CodeTest {
  return (code) => {
    if (test(code) || test(fold(code))) return true
    const upper = String.fromCodePoint(code).toUpperCase()
    const first = upper.codePointAt(0) as number
    return String.fromCodePoint(first) === upper && test(first)
  }
}
