/** Built-ins on strings that need no regular expression. */
import { indicesOfText } from '../access.ts'
import { described, split } from '../arithmetic.ts'
import { raise } from '../errors.ts'
import { applyFormat } from '../formats.ts'
import { parse, stringify } from '../json.ts'
import { grow, growText } from '../limits.ts'
import type { Json } from '../values.ts'
import type { Builtin } from './builtin.ts'
import { plain, withValues } from './builtin.ts'

function explode(input: Json): Json {
  if (typeof input !== 'string') return raise('explode input must be a string')
  grow(input.length)
  return Array.from(input, (char) => char.codePointAt(0) as number)
}

function changeCase(letters: RegExp, change: (text: string) => string): (input: Json) => Json {
  return (input) => {
    if (typeof input !== 'string') return raise('explode input must be a string')
    growText(input.length)
    return input.replace(letters, change)
  }
}

function startsWith(input: Json, start: Json): boolean {
  if (typeof input !== 'string' || typeof start !== 'string')
    return raise('startswith() requires string inputs')
  return input.startsWith(start)
}

function endsWith(input: Json, end: Json): boolean {
  if (typeof input !== 'string' || typeof end !== 'string') return raise('endswith() requires string inputs')
  return input.endsWith(end)
}

function withoutStart(input: Json, start: Json): Json {
  return startsWith(input, start) ? (input as string).slice((start as string).length) : input
}

function withoutEnd(input: Json, end: Json): Json {
  if (!endsWith(input, end)) return input
  return (input as string).slice(0, (input as string).length - (end as string).length)
}

const leading = /^[\p{White_Space}]+/u
const trailing = /[\p{White_Space}]+$/u

function trim(input: Json, start: boolean, end: boolean): Json {
  if (typeof input !== 'string') return raise('trim input must be a string')
  const rest = start ? input.replace(leading, '') : input
  return end ? trimEnd(rest) : rest
}

/** Only the last run of white space is looked at, so the work is linear. */
function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && trailing.test(text[end - 1] as string)) end--
  return text.slice(0, end)
}

function strindices(input: Json, wanted: Json): Json {
  if (typeof input !== 'string') return raise(`${described(input)} cannot be searched, as it is not a string`)
  return typeof wanted === 'string'
    ? indicesOfText(input, wanted)
    : raise(`${described(wanted)} is not a string`)
}

export const strings: readonly Builtin[] = [
  plain('tojson', stringify),
  plain('fromjson', (input) =>
    typeof input === 'string' ? parse(input) : raise(`${described(input)} only strings can be parsed`),
  ),
  plain('explode', explode),
  plain(
    'ascii_downcase',
    changeCase(/[A-Z]+/g, (text) => text.toLowerCase()),
  ),
  plain(
    'ascii_upcase',
    changeCase(/[a-z]+/g, (text) => text.toUpperCase()),
  ),
  plain('trim', (input) => trim(input, true, true)),
  plain('ltrim', (input) => trim(input, true, false)),
  plain('rtrim', (input) => trim(input, false, true)),
  withValues('startswith', 1, startsWith),
  withValues('endswith', 1, endsWith),
  withValues('ltrimstr', 1, withoutStart),
  withValues('rtrimstr', 1, withoutEnd),
  withValues('trimstr', 1, (input, text) => withoutEnd(withoutStart(input, text), text)),
  withValues('split', 1, (input, separator) =>
    typeof input === 'string' && typeof separator === 'string'
      ? split(input, separator)
      : raise('split input and separator must be strings'),
  ),
  withValues('_strindices', 1, strindices),
  withValues('format', 1, (input, name) =>
    typeof name === 'string' ? applyFormat(name, input) : raise(`${described(name)} is not a valid format`),
  ),
]
