import { createHash } from 'node:crypto'

/** The same for every attempt at the same thing: 96 bits, fit for a file's name and a URI. */
export function transferId(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 24)
}
