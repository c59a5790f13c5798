import { Composer, Lexer, Parser, type Document, type YAMLError } from 'yaml'
import { bounded, type Limits } from './limits.ts'
import { toPlain } from './plain.ts'
import { locate, type Part } from './locate.ts'
import { Tree } from './tree.ts'
import type { Json } from '../../json.ts'

/** A fault of the text itself, by its offset in UTF-16 units. */
export interface TextFault {
  readonly code: 'SLUSE-DEFINITION-TEXT' | 'SLUSE-DEFINITION-SYNTAX'
  readonly message: string
  readonly todo?: string
  readonly offset: number
}

/** A text that was read: its data as plain JSON, and where each piece of it stands. */
export interface Source {
  readonly value: Json
  /** The offset of what a JSON pointer names: of its key, of its value, or of a character within its text. */
  offsetOf(pointer: string, part?: Part): number
  /** Line and column, both from 1, of an offset. */
  positionOf(offset: number): { line: number; column: number }
}

export type Format = 'yaml' | 'json'

/**
 * Reads YAML 1.2 (core schema, and merge keys `<<`) or JSON into plain JSON. Never throws: size, depth, the
 * number of nodes and what aliases expand to are bounded, and whatever JSON cannot say is a fault.
 */
export function readSource(
  text: string,
  format: Format,
  limits: Limits,
): { source?: Source; faults: readonly TextFault[]; positionOf: Source['positionOf'] } {
  const positionOf = positions(text)
  const fail = (...faults: TextFault[]) => ({ faults, positionOf })
  const refusal = refuseText(text, limits)
  if (refusal) return fail(refusal)

  const composed = compose(text, limits)
  if ('fault' in composed) return fail(composed.fault)
  const [document, second] = composed.documents
  const errors = composed.documents.flatMap((each) => [...each.errors, ...each.warnings])
  if (errors.length > 0) return fail(...syntaxFaults(errors, text, positionOf))
  if (!document?.contents) return fail({ ...nothing, offset: 0 })
  if (second) {
    return fail({
      code: 'SLUSE-DEFINITION-TEXT',
      message: 'The text holds more than one document.',
      todo: 'Put each definition in a file of its own.',
      offset: second.range[0],
    })
  }
  if (format === 'json') {
    const fault = refuseJson(text)
    if (fault) return fail(fault)
  }

  const faults: TextFault[] = []
  const tree = new Tree(document)
  const value = toPlain(tree, limits, (fault) => faults.push(fault))
  if (value === undefined || faults.length > 0) return fail(...faults)
  const offsetOf: Source['offsetOf'] = (pointer, part) => locate(tree, text, pointer, part ?? 'value')
  return { source: { value, offsetOf, positionOf }, faults, positionOf }
}

const nothing = {
  code: 'SLUSE-DEFINITION-TEXT',
  message: 'The text is empty.',
  todo: 'Begin with `document` and `do`.',
} as const

function refuseText(text: string, limits: Limits): TextFault | undefined {
  if (text.trim() === '') return { ...nothing, offset: 0 }
  if (text.length > limits.characters) {
    return {
      code: 'SLUSE-DEFINITION-TEXT',
      message: `The text has ${text.length} characters; at most ${limits.characters} are read.`,
      todo: 'Keep data out of the definition: read it from a source instead.',
      offset: 0,
    }
  }
  const control = /[\0\uFFFD]/.exec(text)
  if (!control) return undefined
  return {
    code: 'SLUSE-DEFINITION-TEXT',
    message: 'The text is not UTF-8: it has bytes that are no characters.',
    todo: 'Save the file as UTF-8.',
    offset: control.index,
  }
}

type Composed = Document.Parsed

function compose(text: string, limits: Limits): { documents: Composed[] } | { fault: TextFault } {
  const parser = new Parser()
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    // Looked for by `toPlain`, in linear time.
    uniqueKeys: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const documents: Composed[] = []
  const tokens = bounded(parser, new Lexer().lex(text), limits)
  try {
    for (const document of composer.compose(tokens, true, text.length)) {
      documents.push(document)
      if (documents.length > 2) break
    }
  } catch (error) {
    const offset = parser.offset
    if (error instanceof RangeError)
      return { fault: { code: 'SLUSE-DEFINITION-TEXT', message: error.message, offset } }
    return {
      fault: {
        code: 'SLUSE-DEFINITION-SYNTAX',
        message: `The text cannot be read: ${String(error)}`,
        offset,
      },
    }
  }
  return { documents }
}

/** What to do about the commonest faults, by the parser's own codes. */
const advice: { readonly [code: string]: string } = {
  TAB_AS_INDENT: 'Indent with spaces, not with tabs.',
  BAD_INDENT: 'Indent the lines that belong together equally far, with spaces.',
  MISSING_CHAR: 'Look for a missing colon, quote or bracket here or just before.',
  MULTILINE_IMPLICIT_KEY: 'Put quotes around text that spans lines, or use `|`.',
  BLOCK_AS_IMPLICIT_KEY: 'Put quotes around text that has a colon followed by a space.',
  UNEXPECTED_TOKEN: 'Put quotes around text that begins with a special character.',
  BAD_ALIAS:
    'Define the anchor (`&name`) before the alias (`*name`); put quotes around text that begins with `*`.',
  TAG_RESOLVE_FAILED: 'Leave the tag out, or put quotes around text that begins with `!`.',
}

/** One finding a line: what follows on the same line is most often the same fault, told again. */
function syntaxFaults(
  errors: readonly YAMLError[],
  text: string,
  positionOf: Source['positionOf'],
): TextFault[] {
  const lines = new Map<number, TextFault>()
  for (const error of errors) {
    const { line } = positionOf(error.pos[0])
    if (!lines.has(line)) lines.set(line, syntaxFault(error, text))
  }
  return [...lines.values()].slice(0, 10)
}

function syntaxFault(error: YAMLError, text: string): TextFault {
  const [offset] = error.pos
  const message = error.message.replace(/\s+/g, ' ').trim()
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 200).split('\n', 1)[0] ?? ''
  const todo = line.includes('${')
    ? 'Put the whole expression in quotes, or below `>-` on lines of its own: in plain text `: ` and ` #` end it.'
    : advice[error.code]
  return {
    code: 'SLUSE-DEFINITION-SYNTAX',
    message: `The text is not valid YAML: ${message}${/[.!?]$/.test(message) ? '' : '.'}`,
    ...(todo === undefined ? {} : { todo }),
    offset,
  }
}

function refuseJson(text: string): TextFault | undefined {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''))
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      code: 'SLUSE-DEFINITION-SYNTAX',
      message: `The text is not valid JSON: ${message}.`,
      todo: 'Correct it, or name the file .yaml: YAML allows more.',
      offset: Number(/position (\d+)/.exec(message)?.[1] ?? 0),
    }
  }
}

function positions(text: string): Source['positionOf'] {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
