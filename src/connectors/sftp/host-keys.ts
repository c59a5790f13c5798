import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What is known of a server's keys: whole keys, or fingerprints. */
export interface KnownKeys {
  /** Whether a key that a server shows, in SSH's wire format, is one of them. */
  includes(key: Uint8Array): boolean
  /** Kinds of keys to ask the server for: else it shows the one that it likes best, which may be another. */
  readonly algorithms: readonly string[] | undefined
}

/** Lines as `ssh-ed25519 AAAA… comment`, or `SHA256:…`. */
export function keysOfLines(text: string): KnownKeys {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const fingerprints = lines
    .filter((line) => line.startsWith('SHA256:'))
    .map((line) => line.replace(/=+$/, ''))
  const keys = lines.filter((line) => !line.startsWith('SHA256:')).map((line) => line.split(/\s+/))
  return known(keys as [string, string][], fingerprints)
}

/** The keys that a known_hosts file (sshd(8)) has for a host: plain names, patterns and hashed names. */
export function keysOfFile(text: string, host: string, port: number): KnownKeys {
  const name = port === 22 ? host : `[${host}]:${port}`
  const found: [string, string][] = []
  for (const line of text.split('\n')) {
    const [hosts, type, key] = line.trim().split(/\s+/)
    // Lines with a marker (@revoked, @cert-authority) say something else than whose key it is.
    if (!hosts || hosts.startsWith('#') || hosts.startsWith('@') || !type || !key) continue
    if (names(hosts, name)) found.push([type, key])
  }
  return known(found, [])
}

export const fingerprintOf = (key: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

function known(keys: readonly [string, string][], fingerprints: readonly string[]): KnownKeys {
  const whole = keys.map(([, key]) => Buffer.from(key ?? '', 'base64'))
  return {
    includes: (key) =>
      whole.some((each) => each.length === key.length && timingSafeEqual(each, key)) ||
      fingerprints.includes(fingerprintOf(key)),
    algorithms:
      fingerprints.length > 0 || keys.length === 0
        ? undefined
        : keys.flatMap(([type]) => signatures[type] ?? [type]),
  }
}

/** The same kind of key signs in several ways; SHA-1 is none of them. */
const signatures: { readonly [type: string]: readonly string[] } = {
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

function names(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts)
  if (hashed) {
    const digest = createHmac('sha1', Buffer.from(hashed[1] as string, 'base64'))
      .update(name)
      .digest('base64')
    return digest === hashed[2]
  }
  const patterns = hosts.split(',')
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), name))) return false
  return patterns.some((pattern) => matches(pattern, name))
}

function matches(pattern: string, name: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${escaped}$`, 'i').test(name)
}
