import { commitIf, databaseNow, type Database, type Row, type Statement } from '../database/index.ts'
import type { Abilities, KnownMember, MemberStore, Report } from './store.ts'

/** For whoever looks in the morning at what died in the night. */
const rememberedFor = 86_400_000
const most = 500

/** Processes that are not known to be dead, as a table of `life` and `until`: see `bury`. */
export const lives = '(SELECT life, until FROM processes WHERE life IS NOT NULL)'

/**
 * A life whose time is over has ended when it stands in no row any more, and only then: that and a renewal cannot both
 * succeed. So whoever gives away what a life had buries it first.
 */
export const bury: Statement = {
  sql: `UPDATE processes SET life = NULL WHERE until <= ${databaseNow} AND life IS NOT NULL`,
  parameters: [],
}

/** Rows of the database that all processes have: times are the server's, so that no two clocks are compared. */
export function databaseMembers(database: Database): MemberStore {
  return {
    async join({ id, name, host, pid, role, version, startedAt }, life, { abilities, report }, ms) {
      await database.commit([
        {
          sql: `INSERT INTO processes (id, name, host, pid, role, version, started_at, life, seen_at, until, abilities, report)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${databaseNow}, ${databaseNow} + ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET life = excluded.life, seen_at = excluded.seen_at,
                  until = excluded.until, abilities = excluded.abilities, report = excluded.report`,
          parameters: [
            ...[id, name, host, pid, role, version, startedAt, life, ms],
            ...[JSON.stringify(abilities), JSON.stringify(report)],
          ],
        },
        {
          sql: `DELETE FROM processes WHERE seen_at < ${databaseNow} - ?`,
          parameters: [rememberedFor],
        },
      ])
    },

    renew(life, { abilities, report }, ms, news) {
      const renewal = {
        sql: `UPDATE processes SET seen_at = ${databaseNow}, until = ${databaseNow} + ?, abilities = ?, report = ?
              WHERE life = ? AND until > ${databaseNow}`,
        parameters: [ms, JSON.stringify(abilities), JSON.stringify(report), life],
        expect: 1,
      }
      return commitIf(database, [renewal], { quiet: !news })
    },

    async leave(id) {
      await database.commit([{ sql: 'DELETE FROM processes WHERE id = ?', parameters: [id] }])
    },

    async living() {
      const rows = await database.query<{ id: string; name: string; life: string; abilities: string }>(
        `SELECT id, name, life, abilities FROM processes WHERE life IS NOT NULL AND until > ${databaseNow} ORDER BY name, id`,
      )
      return rows.map((row) => ({ ...row, abilities: JSON.parse(row.abilities) as Abilities }))
    },

    async all() {
      const rows = await database.query<Row>(
        `SELECT *, CASE WHEN life IS NOT NULL AND until > ${databaseNow} THEN 1 ELSE 0 END AS lives FROM processes
         WHERE seen_at > ${databaseNow} - ? ORDER BY started_at DESC, id LIMIT ${most}`,
        [rememberedFor],
      )
      return rows.map(known)
    },

    onNews: (listener) => database.onCommit(listener),
  }
}

function known(row: Row): KnownMember {
  return {
    id: row.id as string,
    name: row.name as string,
    host: row.host as string,
    pid: row.pid as number,
    role: row.role as string,
    version: row.version as string,
    startedAt: row.started_at as number,
    seenAt: row.seen_at as number,
    lives: row.lives === 1,
    abilities: JSON.parse(row.abilities as string) as Abilities,
    report: JSON.parse(row.report as string) as Report,
  }
}
