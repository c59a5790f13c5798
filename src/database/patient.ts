import { hasCode } from '../errors.ts'
import type { Database, Row, SqlValue } from './database.ts'

const pauseMs = 500

/**
 * The same database, for an engine: what it asks is answered, however long the server is away, and in the order in
 * which it was asked, also where several connections answer. What it writes it tries again by itself.
 */
export function patient(database: Database): Database {
  let closed = false
  let before: Promise<unknown> = Promise.resolve()

  const ask = async <R extends Row>(sql: string, parameters?: readonly SqlValue[]): Promise<R[]> => {
    for (;;) {
      try {
        return await database.query<R>(sql, parameters)
      } catch (error) {
        if (closed || !hasCode(error, 'SLUSE-STORE-UNREACHABLE')) throw error
        await new Promise((done) => setTimeout(done, pauseMs))
      }
    }
  }

  return {
    query<R extends Row>(sql: string, parameters?: readonly SqlValue[]): Promise<R[]> {
      const answer = ask<R>(sql, parameters)
      const turn = before.then(() => answer)
      before = turn.catch(() => {})
      // It may fail while others are still waited for.
      answer.catch(() => {})
      return turn
    },
    commit: (statements, how) => database.commit(statements, how),
    onCommit: (listener) => database.onCommit(listener),
    away: () => database.away?.() ?? false,
    close() {
      closed = true
      return database.close()
    },
  }
}
