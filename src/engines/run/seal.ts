import { mapLeaves, mark, markPattern } from '../../history/marks.ts'
import { base64, isObject, utf8, type Json } from '../../workflow/index.ts'

/** Takes secrets out of what is written of a run, and puts them back where it is read for a replay. */
export interface Sealer {
  /** The JSON text of a value, without a secret in it. */
  write(value: Json): string
  /** The value of such a text, with the secrets in it as they are now. */
  read(text: string): Json
  /** The value as people may see it. */
  conceal(value: Json): Json
  /** What `sealerOf` needs to make it again: the column `seal`. */
  readonly seal: Seal | undefined
}

export interface Seal {
  /** Random, belongs to the run, is shown to nobody: so nobody can forge a mark. */
  readonly nonce: string
  /** The secrets by name: the definition's, and for a child those of the runs above it. */
  readonly names: readonly string[]
}

const open: Sealer = {
  write: (value) => JSON.stringify(value),
  read: (text) => JSON.parse(text) as Json,
  conceal: (value) => value,
  seal: undefined,
}

/** A text that stands for a secret somewhere: the secret itself, or a known encoding of it. */
interface Form {
  readonly text: string
  /** The text as it looks within JSON: finding it there is quicker than walking the value. */
  readonly inJson: string
  readonly mark: string
  readonly isRaw: boolean
}

/** `secrets` are the values of `seal.names`; one that does not exist is missing. */
export function sealerOf(seal: Seal | undefined, secrets: { readonly [name: string]: Json }): Sealer {
  if (!seal) return open
  const { nonce, names } = seal
  const forms: Form[] = []
  const byMark = new Map<string, string>()
  for (const name of names) {
    for (const [path, value] of texts(secrets[name] ?? null, name)) {
      for (const [form, text] of formsOf(value)) {
        const marked = mark(nonce, path, form)
        byMark.set(marked, text)
        const inJson = JSON.stringify(text).slice(1, -1)
        forms.push({ text, inJson, mark: marked, isRaw: form === 'raw' })
      }
    }
  }
  // The longest first: one secret may be part of another.
  forms.sort((a, b) => b.text.length - a.text.length)

  const hide = (leaf: string | number, found: readonly Form[]): Json => {
    if (typeof leaf === 'number') {
      const text = String(leaf)
      const form = found.find((candidate) => candidate.isRaw && candidate.text === text)
      return form ? `${form.mark}${asNumber}` : leaf
    }
    return found.reduce((text, form) => text.replaceAll(form.text, form.mark), leaf)
  }
  const show = (leaf: string | number): Json => {
    if (typeof leaf === 'number' || !leaf.includes(nonce)) return leaf
    if (leaf.endsWith(asNumber)) {
      const text = byMark.get(leaf.slice(0, -asNumber.length))
      if (text !== undefined) return Number(text)
    }
    return leaf.replace(markPattern(nonce), (marked) => byMark.get(marked) ?? '')
  }
  return {
    write(value) {
      const text = JSON.stringify(value)
      const found = forms.filter((form) => text.includes(form.inJson))
      return found.length === 0 ? text : JSON.stringify(mapLeaves(value, (leaf) => hide(leaf, found)))
    },
    read(text) {
      const value = JSON.parse(text) as Json
      return text.includes(nonce) ? mapLeaves(value, show) : value
    },
    conceal(value) {
      const found = forms.filter((form) => JSON.stringify(value).includes(form.inJson))
      if (found.length === 0) return value
      const dots = found.map((form) => ({ ...form, mark: '•••' }))
      return mapLeaves(value, (leaf) =>
        typeof leaf === 'number' && hide(leaf, found) === leaf ? leaf : hide(leaf, dots),
      )
    },
    seal,
  }
}

/** After a mark that is the whole value: it was a number. */
const asNumber = '#'

/** Shorter ones would match everywhere. */
const shortest = 4

/** The texts within a secret, each with its path: a secret may be an object. */
function* texts(secret: Json, path: string): Iterable<[string, string]> {
  if (typeof secret === 'string' || typeof secret === 'number') {
    const text = String(secret)
    if (text.length >= shortest) yield [path, text]
  } else if (Array.isArray(secret)) {
    for (const [index, item] of secret.entries()) yield* texts(item, `${path}/${index}`)
  } else if (isObject(secret)) {
    for (const [name, item] of Object.entries(secret)) yield* texts(item, `${path}/${name}`)
  }
}

function formsOf(value: string): [string, string][] {
  const json = JSON.stringify(value).slice(1, -1)
  const uri = encodeURIComponent(value)
  const all: [string, string][] = [
    ['raw', value],
    ['json', json],
    ['json2', JSON.stringify(json).slice(1, -1)],
    ['uri', uri],
    ['form', uri.replaceAll('%20', '+')],
    [
      'hex',
      utf8(value)
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join(''),
    ],
  ]
  for (const offset of [0, 1, 2]) {
    const base64 = withinBase64(value, offset)
    all.push([`base64-${offset}`, base64])
    all.push([`base64url-${offset}`, base64.replaceAll('+', '-').replaceAll('/', '_')])
  }
  const seen = new Set<string>()
  return all.filter(([, text]) => text.length >= shortest && !seen.has(text) && seen.add(text))
}

/**
 * The characters that the value always gives within base64 where it begins `offset` bytes after a multiple of
 * three, as in the `user:password` of a Basic header: those that share bits with its neighbours are left out.
 */
function withinBase64(value: string, offset: number): string {
  const shifted = '\0'.repeat(offset) + value
  const bits = utf8(shifted).length * 8
  return base64(shifted).slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6))
}
