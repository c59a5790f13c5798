import { createHash } from 'node:crypto'

/** The hash of a row of a chain, as `Chain` tells. The writer thread, plain JavaScript, computes the same. */
export function chainHash(number: number, before: string, text: string): string {
  return createHash('sha256').update(`${number}\n${before}\n${text}`).digest('hex')
}
