import type { Database } from '../database/index.ts'
import { decodeRow } from '../history/index.ts'

/** Whether a run has ended, or is gone: then nobody waits for an answer. */
export async function runHasEnded(database: Database, run: string): Promise<boolean> {
  const [row] = await database.query<{ ended_at: number | null }>('SELECT ended_at FROM runs WHERE id = ?', [
    run,
  ])
  return row === undefined || row.ended_at !== null
}

/** Open approvals of runs that have ended. */
export async function orphans(database: Database): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `SELECT approvals.id FROM approvals LEFT JOIN runs ON runs.id = approvals.run
     WHERE approvals.status = 'open' AND (runs.id IS NULL OR runs.ended_at IS NOT NULL) LIMIT 500`,
  )
  return rows.map(({ id }) => id)
}

/**
 * Open approvals whose task ended otherwise after row `from` of the journal: its time was up, or another branch was
 * first. Gives how far it has looked.
 */
export async function abandoned(database: Database, from: number): Promise<{ ids: string[]; to: number }> {
  const rows = await database.query<{ seq: number; data: string; run: string }>(
    `SELECT journal.seq, journal.data, runs.id AS run FROM journal
     CROSS JOIN runs ON runs.number = journal.run
     WHERE journal.seq > ? AND EXISTS (SELECT 1 FROM approvals WHERE approvals.run = runs.id AND approvals.status = 'open')
     ORDER BY journal.seq LIMIT 500`,
    [from],
  )
  const ids: string[] = []
  for (const { data, run } of rows) {
    for (const item of decodeRow(data)) {
      if (item.type !== 'report') continue
      const { report } = item
      if (report.kind !== 'task.cancelled' && report.kind !== 'task.faulted') continue
      const found = await database.query<{ id: string }>(
        "SELECT id FROM approvals WHERE run = ? AND task = ? AND status = 'open'",
        [run, report.key],
      )
      ids.push(...found.map(({ id }) => id))
    }
  }
  return { ids, to: rows.at(-1)?.seq ?? from }
}

/** Removes what was decided in runs that retention has removed. */
export async function removeOld(database: Database): Promise<void> {
  const gone = `SELECT id FROM approvals WHERE status <> 'open'
    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = approvals.run) LIMIT 500`
  const rows = await database.query<{ id: string }>(gone)
  if (rows.length === 0) return
  const ids = rows.map(({ id }) => id)
  const places = ids.map(() => '?').join(', ')
  await database.commit([
    { sql: `DELETE FROM approval_events WHERE approval IN (${places})`, parameters: ids },
    // The id of a notice begins with that of its approval; in it are titles and addresses.
    { sql: `DELETE FROM notifications WHERE substr(id, 1, 36) IN (${places})`, parameters: ids },
    { sql: `DELETE FROM approvals WHERE id IN (${places})`, parameters: ids },
  ])
}
