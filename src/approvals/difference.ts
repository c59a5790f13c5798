import { isObject, type Json } from '../workflow/index.ts'

/** What has changed since something was delivered last, so that one need not look through all of it. */
export interface Difference {
  readonly added: number
  readonly removed: number
  readonly changed: number
  readonly same: number
  /** Some of them, `added`, `removed` and `changed` mixed in that order. */
  readonly samples: readonly Change[]
}

export type Change =
  | { readonly kind: 'added'; readonly place: string; readonly after: Json }
  | { readonly kind: 'removed'; readonly place: string; readonly before: Json }
  | { readonly kind: 'changed'; readonly place: string; readonly before: Json; readonly after: Json }

const samples = 20

/** Rows by the member that identifies them; without one, by all that they hold. */
export function differenceOfRows(before: readonly Json[], after: readonly Json[], key?: string): Difference {
  return difference(byKey(before, key), byKey(after, key))
}

/** Two documents, value by value; a place is a JSON pointer. */
export function differenceOfDocuments(before: Json, after: Json): Difference {
  return difference(leavesOf(before), leavesOf(after))
}

function difference(before: Map<string, Json>, after: Map<string, Json>): Difference {
  const added: Change[] = []
  const removed: Change[] = []
  const changed: Change[] = []
  for (const [place, value] of after) {
    const old = before.get(place)
    if (!before.has(place)) added.push({ kind: 'added', place, after: value })
    else if (textOf(old ?? null) !== textOf(value))
      changed.push({ kind: 'changed', place, before: old ?? null, after: value })
  }
  for (const [place, value] of before)
    if (!after.has(place)) removed.push({ kind: 'removed', place, before: value })
  return {
    added: added.length,
    removed: removed.length,
    changed: changed.length,
    same: after.size - added.length - changed.length,
    samples: [...added.slice(0, samples), ...removed.slice(0, samples), ...changed.slice(0, samples)],
  }
}

function byKey(rows: readonly Json[], key: string | undefined): Map<string, Json> {
  const result = new Map<string, Json>()
  for (const row of rows) {
    const identity = key !== undefined && isObject(row) ? (row[key] ?? null) : row
    const text = typeof identity === 'string' ? identity : textOf(identity)
    // Rows that cannot be told apart are counted each.
    let place = text
    for (let copy = 2; result.has(place); copy++) place = `${text} (${copy})`
    result.set(place, row)
  }
  return result
}

function leavesOf(value: Json, place = '', into = new Map<string, Json>()): Map<string, Json> {
  const entries = isObject(value) ? Object.entries(value) : Array.isArray(value) ? [...value.entries()] : []
  if (entries.length === 0) into.set(place, value)
  for (const [name, item] of entries)
    leavesOf(item, `${place}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`, into)
  return into
}

/** The members of an object have no order. */
function textOf(value: Json): string {
  return JSON.stringify(value, (_key, member: Json) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
