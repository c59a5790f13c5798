import type { Json } from '../workflow/index.ts'

/** Replaces every secret that it knows by `***`. */
export type Mask = (text: string) => string

/**
 * A mask for all texts in `values`, however deep, also where they come percent-encoded or in Base64.
 * Texts shorter than four characters are left: masking those would hit anything and hide nothing.
 */
export function maskFor(...values: readonly (Json | undefined)[]): Mask {
  const found = new Set<string>()
  for (const value of values) collect(value, found)
  const secrets = [...found].sort((a, b) => b.length - a.length)
  if (secrets.length === 0) return (text) => text
  return (text) => secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text)
}

function collect(value: Json | undefined, into: Set<string>): void {
  if (typeof value === 'number') collect(String(value), into)
  else if (typeof value === 'string') {
    if (value.length < 4 || isPublic(value)) return
    into.add(value)
    into.add(encodeURIComponent(value))
    into.add(JSON.stringify(value).slice(1, -1))
    into.add(Buffer.from(value).toString('base64'))
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collect(inner, into)
  }
}

/** What a policy kept as a secret holds beside its secrets: masking these would make an error unreadable. */
function isPublic(value: string): boolean {
  return (
    publicWords.has(value) || /^https?:\/\/[^@?#]*$/.test(value) || value.startsWith('urn:ietf:params:oauth:')
  )
}

const publicWords = new Set([
  'authorization_code',
  'client_credentials',
  'password',
  'refresh_token',
  'client_secret_post',
  'client_secret_basic',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
  'openid',
  'true',
  'false',
  'application/json',
  'application/x-www-form-urlencoded',
])
