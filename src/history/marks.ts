import { isObject, type Json } from '../workflow/index.ts'

/**
 * What stands in the journal where a secret stood. `nonce` belongs to the run and is never shown, so that nobody
 * can write a mark that a replay would turn into a secret.
 */
export function mark(nonce: string, secret: string, form: string): string {
  return `⟦${nonce}|${encodeURIComponent(secret)}|${form}⟧`
}

/** Finds marks, with what may follow one that stands for a number. */
export function markPattern(nonce: string): RegExp {
  return new RegExp(`⟦${nonce}\\|[^|⟧]*\\|[^|⟧]*⟧`, 'g')
}

/** The value with each mark as people may see it. */
export function concealed(value: Json, nonce: string | undefined): Json {
  if (nonce === undefined) return value
  const pattern = new RegExp(`${markPattern(nonce).source}#?`, 'g')
  return mapLeaves(value, (leaf) =>
    typeof leaf === 'string' && leaf.includes(nonce) ? leaf.replace(pattern, '•••') : leaf,
  )
}

/** A copy with every text, number and member name as `change` makes it. */
export function mapLeaves(value: Json, change: (leaf: string | number) => Json): Json {
  if (typeof value === 'string' || typeof value === 'number') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapLeaves(item, change))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [String(change(name)), mapLeaves(item, change)]),
  )
}
