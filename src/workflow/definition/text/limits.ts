import type { CST, Parser } from 'yaml'

/** How much a text may ask of us. */
export interface Limits {
  /** UTF-16 units of the text. */
  readonly characters: number
  /** Collections within one another. */
  readonly depth: number
  /** Scalars and collections, aliases counted as what they stand for. */
  readonly nodes: number
}

export const defaultLimits: Limits = { characters: 5_000_000, depth: 200, nodes: 100_000 }

/**
 * The tokens of a text, as long as they are not too deep and not too many: composing them recurses, and what
 * is bounded here can no longer exhaust stack or memory there.
 * @throws RangeError with a sentence for the author
 */
export function* bounded(
  parser: Parser,
  lexemes: Iterable<string>,
  limits: Limits,
): Generator<CST.Token, void> {
  // A key with its value takes some eight lexemes.
  let left = limits.nodes * 4
  for (const lexeme of lexemes) {
    yield* parser.next(lexeme)
    // The stack holds the stream, its document, and a scalar besides the collections.
    if (parser.stack.length > limits.depth + 3) throw new RangeError(tooDeep(limits))
    if (--left < 0) throw new RangeError('The text holds too much: too many values, lines and comments.')
  }
  yield* parser.end()
}

export function tooDeep(limits: Limits): string {
  return `The text nests deeper than ${limits.depth} levels.`
}

export function tooMany(limits: Limits): string {
  return `The text holds more than ${limits.nodes} values (aliases count as what they stand for).`
}
