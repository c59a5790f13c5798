import fc from 'fast-check'
import { isObject, type Json, type JsonObject } from '../../json.ts'

/** A definition with one thing changed, and in words what. */
export interface Mutant {
  readonly value: Json
  readonly change: string
}

const values: readonly Json[] = [
  null,
  0,
  3,
  -1,
  1.5,
  true,
  '',
  'word',
  'continue',
  '${ .field }',
  'PT5S',
  'https://example.org/{id}',
  'not a uri',
  [],
  ['word'],
  [{}],
  {},
  { seconds: 5 },
  { uri: 'https://example.org' },
  { use: 'name' },
]

/** Deletes, renames, adds or replaces something at a place of the definition. */
export function mutants(originals: readonly Json[]): fc.Arbitrary<Mutant> {
  const keys = [...new Set(originals.flatMap(keysOf))]
  const change = fc.oneof(
    fc.record({ kind: fc.constant('delete' as const) }),
    fc.record({ kind: fc.constant('rename' as const), key: fc.constantFrom('x', ...keys) }),
    fc.record({ kind: fc.constant('replace' as const), value: fc.constantFrom(...values) }),
    fc.record({
      kind: fc.constant('add' as const),
      key: fc.constantFrom('x', ...keys),
      value: fc.constantFrom(...values),
    }),
  )
  return fc
    .tuple(fc.constantFrom(...originals), fc.nat(), change)
    .map(([original, where, change]) => mutate(structuredClone(original), where, change))
}

type Change =
  | { kind: 'delete' }
  | { kind: 'rename'; key: string }
  | { kind: 'replace'; value: Json }
  | { kind: 'add'; key: string; value: Json }

function mutate(value: Json, where: number, change: Change): Mutant {
  const places = placesOf(value, '')
  const place = places[where % places.length]
  if (!place) return { value, change: 'nothing' }
  const { holder, key, pointer } = place
  if (change.kind === 'delete') {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete holder[key]
  } else if (change.kind === 'replace') {
    put(holder, key, change.value)
  } else {
    const target = change.kind === 'add' ? get(holder, key) : holder
    if (change.kind === 'rename' && !Array.isArray(holder)) {
      const moved = holder[key] ?? null
      delete holder[key]
      holder[change.key] = moved
    } else if (isObject(target) && change.kind === 'add') {
      target[change.key] = change.value
    }
  }
  return { value, change: `${JSON.stringify(change)} at ${pointer}` }
}

interface PlaceIn {
  holder: Json[] | JsonObject
  key: string
  pointer: string
}

function placesOf(value: Json, pointer: string): PlaceIn[] {
  if (typeof value !== 'object' || value === null) return []
  const entries: [string, Json][] = Object.entries(value)
  return entries.flatMap(([key, item]) => {
    const at = `${pointer}/${key}`
    return [{ holder: value, key, pointer: at }, ...placesOf(item, at)]
  })
}

function get(holder: Json[] | JsonObject, key: string): Json | undefined {
  return Array.isArray(holder) ? holder[Number(key)] : holder[key]
}

function put(holder: Json[] | JsonObject, key: string, value: Json): void {
  if (Array.isArray(holder)) holder[Number(key)] = value
  else holder[key] = value
}

function keysOf(value: Json): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Array.isArray(value) ? [] : Object.keys(value)
  return [...own, ...Object.values(value).flatMap((item: Json) => keysOf(item))]
}
