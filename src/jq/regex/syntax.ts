/** The syntax tree of a regular expression, in the Perl dialect of Oniguruma that jq uses. */

export type Regex =
  | { readonly type: 'empty' }
  | { readonly type: 'set'; readonly test: CodeTest; readonly code: number | undefined }
  | { readonly type: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly type: 'choice'; readonly parts: readonly Regex[] }
  | { readonly type: 'group'; readonly number: number; readonly body: Regex }
  | {
      readonly type: 'repeat'
      readonly body: Regex
      readonly min: number
      readonly max: number
      readonly mode: RepeatMode
    }
  | { readonly type: 'atomic'; readonly body: Regex }
  | { readonly type: 'look'; readonly body: Regex; readonly behind: boolean; readonly negative: boolean }
  | { readonly type: 'at'; readonly where: Where }
  | { readonly type: 'backreference'; readonly numbers: readonly number[]; readonly ignoreCase: boolean }
  | { readonly type: 'call'; readonly number: number }
  | {
      readonly type: 'condition'
      readonly numbers: readonly number[]
      readonly yes: Regex
      readonly no: Regex
    }

export type RepeatMode = 'greedy' | 'lazy' | 'possessive'

export type Where =
  'start' | 'end' | 'finalLine' | 'lineStart' | 'lineEnd' | 'word' | 'notWord' | 'searchStart'

/** Whether a code point belongs to a set. */
export type CodeTest = (code: number) => boolean

export interface ParsedRegex {
  readonly tree: Regex
  /** How many capturing groups there are. */
  readonly groups: number
  /** The name of each group, by its number; `undefined` for one without. */
  readonly names: readonly (string | undefined)[]
}

export interface RegexFlags {
  readonly ignoreCase: boolean
  /** White space and comments in the pattern mean nothing. */
  readonly extended: boolean
  /** `.` matches a line feed, too. */
  readonly dotAll: boolean
}
