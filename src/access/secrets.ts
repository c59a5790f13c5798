import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 bits of chance, as text that goes into a header or an address as it is. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Of what has 256 bits of chance a plain hash is enough: there is nothing to guess. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

export function sameHash(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}
