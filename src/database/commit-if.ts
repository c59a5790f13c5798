import { hasCode } from '../errors.ts'
import type { Database, Statement } from './database.ts'

/** Makes the transaction, or nothing of it: `false` where one of its statements did not find what it expects. */
export async function commitIf(
  database: Pick<Database, 'commit'>,
  statements: readonly Statement[],
): Promise<boolean> {
  try {
    await database.commit(statements)
    return true
  } catch (error) {
    if (hasCode(error, 'SLUSE-STORE-CHANGED')) return false
    throw error
  }
}
