import type { Json } from '../../json.ts'
import type { Declaration } from '../schema/vocabulary.ts'
import { segmentsOf } from '../text/pointer.ts'

/** How findings speak of names, values and types. */

export function quoted(names: readonly string[], word: 'and' | 'or' = 'and'): string {
  const all = names.map((name) => `\`${name}\``)
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} ${word} ${all.at(-1)}`
}

/** What a pointer names, as the author knows it: its last key, or the place in a list. */
export function nameOf(pointer: string): string {
  const segments = segmentsOf(pointer)
  const last = segments.at(-1)
  if (last === undefined) return 'the definition'
  const list = segments.at(-2)
  return /^\d+$/.test(last) && list !== undefined ? `item ${Number(last) + 1} of \`${list}\`` : `\`${last}\``
}

export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

/** A value in a few words, never the whole of it. */
export function described(value: Json): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value !== 'string') return `the ${typeof value === 'number' ? 'number' : 'value'} ${value}`
  return value.length > 40 ? `the text "${value.slice(0, 39)}…"` : `the text "${value}"`
}

const typeWords = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
} as const

export function typeWord(declaration: Declaration): string {
  if (declaration.$ref === '#/$defs/taskList') return 'a list of tasks'
  return declaration.type ? typeWords[declaration.type] : 'a value'
}

export function matchesType(declaration: Declaration, value: Json): boolean {
  switch (declaration.type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case undefined:
      return true
    default:
      return typeof value === declaration.type
  }
}

/**
 * The name that the author most likely meant: within a third of its letters, swapped neighbours counted once.
 * Names of one or two letters differ by letter case only, or everything would be near.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.floor(name.length / 3) + 1
  let left = 500
  for (const candidate of candidates) {
    if (--left < 0) break
    const found = candidate.toLowerCase() === name.toLowerCase() ? 0 : distance(name, candidate, least)
    if (found < least) {
      least = found
      best = candidate
    }
  }
  return best
}

/** Edits from one name to the other (optimal string alignment); `limit` where there are at least so many. */
function distance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit || from.length > 100) return limit
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) edits = Math.min(edits, (before[j - 2] ?? 0) + 1)
      row.push(edits)
    }
    before = last
    last = row
  }
  return last[to.length] ?? limit
}

/** What to do about a name that does not exist. */
export function suggestion(name: string, candidates: Iterable<string>): string | undefined {
  const near = nearest(name, candidates)
  return near === undefined ? undefined : `Did you mean \`${near}\`?`
}
