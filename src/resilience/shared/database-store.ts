import { commitIf, databaseNow, type Database, type Statement } from '../../database/index.ts'
import type { SharedStore, StoredState } from './store.ts'

/** What nobody has changed for so long is about a target that nobody calls any more. */
const forgottenAfter = 30 * 86_400_000

/**
 * Rows of the database that all processes have: times are the server's, so that no two clocks are compared. A process
 * whose time is over is dead when its row is gone, and only then: a renewal and its burial cannot both succeed.
 */
export function databaseStore(database: Database): SharedStore {
  const happens = (statement: Statement) => commitIf(database, [{ ...statement, expect: 1 }])
  const bury = () =>
    database.commit([{ sql: `DELETE FROM callers WHERE until <= ${databaseNow}`, parameters: [] }])

  return {
    async join(process, ms) {
      await database.commit([
        {
          sql: `INSERT INTO callers (id, until, report) VALUES (?, ${databaseNow} + ?, '[]')`,
          parameters: [process, ms],
        },
        {
          sql: `DELETE FROM shared_targets WHERE version < ${databaseNow} - ? AND state LIKE '{"shares":{}%'`,
          parameters: [forgottenAfter],
        },
      ])
    },

    renew: (process, ms, report) =>
      happens({
        sql: `UPDATE callers SET until = ${databaseNow} + ?, report = ? WHERE id = ? AND until > ${databaseNow}`,
        parameters: [ms, report, process],
      }),

    async leave(process) {
      await database.commit([{ sql: 'DELETE FROM callers WHERE id = ?', parameters: [process] }])
    },

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
        const rows = await database.query<Change & { until: number | null; id: string | null }>(
          `SELECT ${databaseNow} AS now, key, version, state, id, until FROM (SELECT 1 AS one) AS it
           LEFT JOIN shared_targets ON key = ? LEFT JOIN callers ON 1 = 1`,
          [key],
        )
        const now = rows[0]?.now ?? 0
        if (rows.some(({ until }) => until !== null && until <= now)) {
          await bury()
          continue
        }
        const alive = new Set(rows.flatMap(({ id }) => (id === null ? [] : [id])))
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

    async present() {
      const rows = await database.query<{ id: string }>(`SELECT id FROM callers WHERE until > ${databaseNow}`)
      return new Set(rows.map(({ id }) => id))
    },

    async reports(process) {
      const rows = await database.query<{ report: string }>(
        `SELECT report FROM callers WHERE id <> ? AND until > ${databaseNow}`,
        [process],
      )
      return rows.map(({ report }) => report)
    },

    onNews: (listener) => database.onCommit(listener),
  }
}

type Change = { now: number; key: string | null; version: number | null; state: string | null }

function stored({ key, version, state }: Change): StoredState[] {
  return key === null || version === null || state === null ? [] : [{ key, version, state }]
}
