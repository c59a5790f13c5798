import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../database/index.ts'
import { SluseError } from '../errors.ts'

/** Somebody who stands in for somebody else for a time. Times are milliseconds since 1970, UTC. */
export interface Delegation {
  readonly id: string
  readonly from: string
  readonly to: string
  /** Only for approvals of this namespace. */
  readonly namespace?: string
  readonly beginsAt: number
  readonly endsAt: number
  readonly reason?: string
  readonly createdBy: string
  readonly endedAt?: number
}

export type NewDelegation = Omit<Delegation, 'id' | 'endedAt'>

const longestMs = 366 * 86_400_000

/** Throws `SLUSE-DELEGATION`. */
export function insertDelegation(
  given: NewDelegation,
  now: number,
): { delegation: Delegation; statement: Statement } {
  const { from, to, namespace, beginsAt, endsAt, reason, createdBy } = given
  if (from === to) throw new SluseError('SLUSE-DELEGATION', 'Nobody stands in for themselves.')
  if (endsAt <= beginsAt || endsAt <= now)
    throw new SluseError('SLUSE-DELEGATION', 'It ends before it begins, or has ended.')
  if (endsAt - beginsAt > longestMs) throw new SluseError('SLUSE-DELEGATION', 'It lasts longer than a year.')
  const id = randomUUID()
  return {
    delegation: { id, ...given },
    statement: {
      sql: `INSERT INTO delegations (id, from_subject, to_subject, namespace, begins_at, ends_at, reason, created_by, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      parameters: [id, from, to, namespace ?? null, beginsAt, endsAt, reason ?? null, createdBy, now],
    },
  }
}

export function endDelegation(id: string, now: number): Statement {
  return {
    sql: 'UPDATE delegations SET ended_at = ? WHERE id = ? AND ended_at IS NULL',
    parameters: [now, id],
  }
}

/** Those for whom somebody stands in now. */
export async function standsInFor(
  database: Database,
  subject: string,
  namespace: string | undefined,
  now: number,
): Promise<string[]> {
  const rows = await database.query<{ from_subject: string; namespace: string | null }>(
    `SELECT DISTINCT from_subject, namespace FROM delegations
     WHERE to_subject = ? AND ends_at > ? AND begins_at <= ? AND ended_at IS NULL LIMIT 200`,
    [subject, now, now],
  )
  const fitting = rows.filter((row) => row.namespace === null || row.namespace === namespace)
  return [...new Set(fitting.map(({ from_subject }) => from_subject))]
}

/** From or to somebody, or all; those that have ended are left out. */
export async function listDelegations(
  database: Database,
  now: number,
  subject?: string,
): Promise<Delegation[]> {
  const rows = await database.query<DelegationRow>(
    `SELECT * FROM delegations WHERE ends_at > ? AND ended_at IS NULL
     ${subject === undefined ? '' : 'AND (from_subject = ? OR to_subject = ?)'} ORDER BY begins_at LIMIT 500`,
    [now, ...(subject === undefined ? [] : [subject, subject])],
  )
  return rows.map(delegationOf)
}

/** Throws `SLUSE-DELEGATION-NOT-FOUND`. */
export async function getDelegation(database: Database, id: string): Promise<Delegation> {
  const [row] = await database.query<DelegationRow>('SELECT * FROM delegations WHERE id = ?', [id])
  if (!row) throw new SluseError('SLUSE-DELEGATION-NOT-FOUND', `(${id})`)
  return delegationOf(row)
}

type DelegationRow = {
  id: string
  from_subject: string
  to_subject: string
  namespace: string | null
  begins_at: number
  ends_at: number
  reason: string | null
  created_by: string
  ended_at: number | null
}

function delegationOf(row: DelegationRow): Delegation {
  return {
    id: row.id,
    from: row.from_subject,
    to: row.to_subject,
    ...(row.namespace !== null && { namespace: row.namespace }),
    beginsAt: row.begins_at,
    endsAt: row.ends_at,
    ...(row.reason !== null && { reason: row.reason }),
    createdBy: row.created_by,
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
  }
}
