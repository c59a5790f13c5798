import { isObject, type Json, type JsonObject, type Problem } from '../workflow/index.ts'
import { decryptBytes, encryptBytes } from './dataset/keys.ts'

/** Places of personal data in a record, as `personalData` of a transfer declares them. */
export interface PersonalData {
  /** `.cpr`, `.children[].cpr`, `.["a b"].c` */
  readonly encrypt: readonly string[]
  readonly mask: readonly string[]
}

/** What is shown in the place of personal data. */
export const masked = '•••'

/** The record as it is staged: masked, and encrypted with the dataset's key where it must be delivered. */
export function protectRecord(record: Json, { encrypt, mask }: PersonalData, key: Uint8Array): Json {
  let result = record
  for (const path of mask) result = atPlaces(result, segmentsOf(path), hide)
  for (const path of encrypt) result = atPlaces(result, segmentsOf(path), (value) => seal(value, key))
  return result
}

/** The record as it is sent. */
export function revealRecord(record: Json, { encrypt }: PersonalData, key: Uint8Array): Json {
  return encrypt.reduce<Json>(
    (result, path) => atPlaces(result, segmentsOf(path), (value) => unseal(value, key)),
    record,
  )
}

/** The record as people may see it. */
export function maskRecord(record: Json, { encrypt, mask }: PersonalData): Json {
  return [...encrypt, ...mask].reduce<Json>(
    (result, path) => atPlaces(result, segmentsOf(path), hide),
    record,
  )
}

/** What somebody edited, with what was hidden from them put back where they left it hidden. */
export function unmaskRecord(edited: Json, original: Json, data: PersonalData): Json {
  return [...data.encrypt, ...data.mask].reduce<Json>(
    (result, path) => putBack(result, original, segmentsOf(path)),
    edited,
  )
}

/** The problem without the record's personal data in its texts: systems like to repeat what they refuse. */
export function concealIn(problem: Problem, record: Json, { encrypt, mask }: PersonalData): Problem {
  const hidden = new Set<string>()
  for (const path of [...encrypt, ...mask]) {
    atPlaces(record, segmentsOf(path), (value) => {
      for (const text of textsIn(value)) hidden.add(text)
      return value
    })
  }
  if (hidden.size === 0) return problem
  // The longest first: one may be part of another.
  const all = [...hidden].sort((one, other) => other.length - one.length)
  const conceal = (value: Json | undefined): Json | undefined => {
    if (typeof value === 'string') return all.reduce((text, each) => text.replaceAll(each, masked), value)
    if (Array.isArray(value)) return value.map((item) => conceal(item) ?? null)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, conceal(item) ?? null]))
  }
  return conceal(problem as JsonObject) as Problem
}

/** Shorter ones are parts of anything. */
const shortest = 3

function* textsIn(value: Json): Iterable<string> {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value)
    if (text.length >= shortest) yield text
  } else if (Array.isArray(value)) for (const item of value) yield* textsIn(item)
  else if (isObject(value)) for (const item of Object.values(value)) yield* textsIn(item)
}

/** `each` stands for every item of an array. */
type Segment = string | typeof each
const each = Symbol('each')

const parsed = new Map<string, readonly Segment[]>()

function segmentsOf(path: string): readonly Segment[] {
  let segments = parsed.get(path)
  if (!segments) {
    segments = [...path.matchAll(/\.([A-Za-z_]\w*)|\.?\["([^"]+)"\]|\[\]/g)].map(
      ([, plain, quoted]) => plain ?? quoted ?? each,
    )
    parsed.set(path, segments)
  }
  return segments
}

/** The value with `change` made at every such place; what is not on the way is shared, nothing is changed. */
function atPlaces(value: Json, [segment, ...rest]: readonly Segment[], change: (value: Json) => Json): Json {
  if (segment === undefined) return value === null ? null : change(value)
  if (segment === each)
    return Array.isArray(value) ? value.map((item) => atPlaces(item, rest, change)) : value
  if (!isObject(value) || !Object.hasOwn(value, segment)) return value
  const before = value[segment] as Json
  const after = atPlaces(before, rest, change)
  return after === before ? value : { ...value, [segment]: after }
}

function putBack(edited: Json, original: Json | undefined, [segment, ...rest]: readonly Segment[]): Json {
  if (original === undefined) return edited
  if (segment === undefined) return edited === masked ? original : edited
  if (segment === each) {
    if (!Array.isArray(edited) || !Array.isArray(original)) return edited
    return edited.map((item, index) => putBack(item, original[index], rest))
  }
  if (!isObject(edited) || !isObject(original) || !Object.hasOwn(edited, segment)) return edited
  return { ...edited, [segment]: putBack(edited[segment] as Json, original[segment], rest) }
}

function hide(): Json {
  return masked
}

const opening = '⟦pd:'
const closing = '⟧'

function seal(value: Json, key: Uint8Array): Json {
  return opening + encryptBytes(Buffer.from(JSON.stringify(value)), key).toString('base64') + closing
}

function unseal(value: Json, key: Uint8Array): Json {
  if (typeof value !== 'string' || !value.startsWith(opening) || !value.endsWith(closing)) return value
  const bytes = Buffer.from(value.slice(opening.length, -closing.length), 'base64')
  return JSON.parse(decryptBytes(bytes, key).toString('utf8')) as Json
}
