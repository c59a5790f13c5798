import { isObject, type Json } from '../../workflow/index.ts'

/** Where and how what came differs from what was expected, in sentences; none where it does not. */
export function differences(expected: Json, came: Json | undefined, subset: boolean, at = ''): string[] {
  const place = at === '' ? 'it' : at
  if (came === undefined) return [`${place} is missing, expected ${shown(expected)}`]
  if (Array.isArray(expected) && Array.isArray(came)) {
    const found = expected.flatMap((each, index) => differences(each, came[index], subset, `${at}[${index}]`))
    const more = came.length - expected.length
    return more > 0 ? [...found, `${place} has ${more} more: ${shown(came[expected.length] as Json)}`] : found
  }
  if (isObject(expected) && isObject(came)) {
    const found = Object.entries(expected).flatMap(([key, value]) =>
      differences(value, came[key], subset, `${at}.${key}`),
    )
    const extra = subset ? [] : Object.keys(came).filter((key) => !Object.hasOwn(expected, key))
    return [...found, ...extra.map((key) => `${at}.${key} is ${shown(came[key] ?? null)}, not expected`)]
  }
  return same(expected, came) ? [] : [`${place} is ${shown(came)}, expected ${shown(expected)}`]
}

function same(one: Json, other: Json): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other))
}

function shown(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
