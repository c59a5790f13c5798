import { createHash } from 'node:crypto'
import type { Project } from '../project/index.ts'

/**
 * By what two processes can be told apart that have read different files: of connections and policies what they say, of
 * functions their names and versions. `undefined` until the project was read.
 */
export function configurationOf({
  connections,
  policies,
  functions,
  definitions,
}: Project): string | undefined {
  const files = [...connections, ...policies].map(({ file, sha256 }) => `${file} ${sha256}`)
  if (files.length + functions.length + definitions.length === 0) return undefined
  const all = [...new Set(files), ...functions].sort().join('\n')
  return createHash('sha256').update(all).digest('hex').slice(0, 12)
}
