import { compile } from '../jq/index.ts'
import { limits } from './limits.ts'

/**
 * A regular expression of a JSON Schema (ECMA-262) whose time is bounded. One that cannot backtrack far runs in the
 * language's own engine; any other, and any on a long subject, is counted step by step. Where the count runs out,
 * the subject counts as not matching. Throws a `SyntaxError` where the pattern is none.
 */
export function boundedPattern(pattern: string): { test(subject: string): boolean } {
  const native = new RegExp(pattern, 'u')
  const isSimple = cannotBacktrackFar(pattern)
  let counted: string | undefined
  return {
    test: (subject) => {
      if (isSimple && subject.length <= limits.simpleSubject) return native.test(subject)
      return countedTest((counted ??= translate(pattern)), subject)
    },
  }
}

const search = compile('test($pattern)', { variables: ['pattern'], limits: { steps: limits.patternSteps } })

function countedTest(pattern: string, subject: string): boolean {
  try {
    return search.first(subject, { pattern }) === true
  } catch {
    return false
  }
}

/** At most one repetition that has no bound, and none of a group that itself repeats or has alternatives. */
function cannotBacktrackFar(pattern: string): boolean {
  const plain = pattern.replace(/\\./gsu, 'a').replace(/\[[^\]]*\]/g, 'a')
  const unbounded = plain.match(/[*+]|\{\d+,\}/g)?.length ?? 0
  return unbounded <= 1 && !/[*+?}|][^(]*\)[*+{]/.test(plain)
}

/** In the dialect of the counting engine: there `^` and `$` are ends of lines, and `\d` and `\w` all of Unicode's. */
function translate(pattern: string): string {
  let result = ''
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i)
    if (character === '\\') result += escapeOf(pattern.charAt(++i), inClass)
    else if (inClass) {
      inClass = character !== ']'
      result += character === '[' ? '\\[' : character
    } else {
      inClass = character === '['
      result += outside[character] ?? character
    }
  }
  return result
}

const outside: { readonly [character: string]: string | undefined } = {
  '^': '\\A',
  $: '\\z',
  '.': '[^\\n\\r\\u2028\\u2029]',
}

const digits = '0-9'
const words = 'A-Za-z0-9_'

function escapeOf(character: string, inClass: boolean): string {
  switch (character) {
    case 'd':
      return inClass ? digits : `[${digits}]`
    case 'D':
      return inClass ? '\\D' : `[^${digits}]`
    case 'w':
      return inClass ? words : `[${words}]`
    case 'W':
      return inClass ? '\\W' : `[^${words}]`
    case '/':
      return '/'
    default:
      return `\\${character}`
  }
}
