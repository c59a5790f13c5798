import { utf8 } from '../../workflow/index.ts'

/**
 * A UUID of version 5 (RFC 9562): the same for the same run and name. SHA-1 is given, since only a host has one that is
 * quick.
 */
export function derivedIdBy(sha1: (bytes: Uint8Array) => Uint8Array, runId: string, name: string): string {
  const hex = runId.replaceAll('-', '')
  const namespace = Array.from({ length: hex.length >> 1 }, (_, at) =>
    parseInt(hex.slice(at * 2, at * 2 + 2), 16),
  )
  const bytes = sha1(new Uint8Array([...namespace, ...utf8(name)])).slice(0, 16)
  bytes[6] = 0x50 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  )
}
