import { commitIf, databaseNow, type Database, type Statement } from '../../database/index.ts'
import { bury, lives } from '../../members/index.ts'
import type { SharedStore, StoredState } from './store.ts'

/** What nobody has changed for so long is about a target that nobody calls any more. */
const forgottenAfter = 30 * 86_400_000

/** Rows of the database that all processes have: times are the server's, so that no two clocks are compared. */
export function databaseStore(database: Database): SharedStore {
  const happens = (statement: Statement) => commitIf(database, [{ ...statement, expect: 1 }])

  return {
    async look(after) {
      const rows = await database.query<Change>(
        `SELECT ${databaseNow} AS now, key, version, state FROM (SELECT 1 AS one) AS it
         LEFT JOIN shared_targets ON version > ?`,
        [after],
      )
      return { now: rows[0]?.now ?? 0, states: rows.flatMap(stored) }
    },

    async read(key) {
      for (;;) {
        const rows = await database.query<Change & { until: number | null; life: string | null }>(
          `SELECT ${databaseNow} AS now, key, version, state, life, until FROM (SELECT 1 AS one) AS it
           LEFT JOIN shared_targets ON key = ? LEFT JOIN ${lives} AS lives ON 1 = 1`,
          [key],
        )
        const now = rows[0]?.now ?? 0
        if (rows.some(({ until }) => until !== null && until <= now)) {
          await database.commit([bury])
          continue
        }
        const alive = new Set(rows.flatMap(({ life }) => (life === null ? [] : [life])))
        return { now, alive, stored: rows.slice(0, 1).flatMap(stored)[0] }
      }
    },

    write: (before, { key, version, state }) =>
      happens(
        before
          ? {
              sql: 'UPDATE shared_targets SET version = ?, state = ? WHERE key = ? AND version = ?',
              parameters: [version, state, key, before.version],
            }
          : {
              sql: 'INSERT INTO shared_targets (version, state, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
              parameters: [version, state, key],
            },
      ),

    async tidy() {
      const unused = {
        sql: `DELETE FROM shared_targets WHERE version < ${databaseNow} - ? AND state LIKE '{"shares":{}%'`,
        parameters: [forgottenAfter],
      }
      await database.commit([unused], { quiet: true })
    },

    onNews: (listener) => database.onCommit(listener),
  }
}

type Change = { now: number; key: string | null; version: number | null; state: string | null }

function stored({ key, version, state }: Change): StoredState[] {
  return key === null || version === null || state === null ? [] : [{ key, version, state }]
}
