import { hasCode } from '../errors.ts'
import type { CommitOptions, Database, Statement } from './database.ts'

/** Makes the transaction, or nothing of it: `false` where one of its statements did not find what it expects. */
export async function commitIf(
  database: Pick<Database, 'commit'>,
  statements: readonly Statement[],
  options?: CommitOptions,
): Promise<boolean> {
  try {
    await database.commit(statements, options)
    return true
  } catch (error) {
    if (hasCode(error, 'SLUSE-STORE-CHANGED')) return false
    throw error
  }
}
