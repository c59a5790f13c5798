import { randomBytes } from 'node:crypto'
import type { Seal } from '../run/seal.ts'

export function newSeal(names: readonly string[]): Seal | undefined {
  return names.length === 0 ? undefined : { nonce: randomBytes(8).toString('hex'), names }
}
