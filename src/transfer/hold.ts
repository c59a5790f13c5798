import type { Database, Statement } from '../database/index.ts'

/** The right to do a job, which somebody else may have by now. */
export interface Hold {
  /** All of it or nothing; nothing, and it throws, where the job is another's. */
  commit(statements: readonly Statement[]): Promise<void>
  /** Throws where another may have the job: asked before anything that is seen outside. */
  check(): void
}

/** Where nobody else has the database. */
export function unshared(database: Database): Hold {
  return { commit: (statements) => database.commit(statements), check: () => {} }
}
