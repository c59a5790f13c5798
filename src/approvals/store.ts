import type { Database, Row, SqlValue, Statement } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { Json } from '../workflow/index.ts'
import type { ApprovalRequest } from './request.ts'
import { nextDue, statusOf, type ApprovalState, type ApprovalStatus } from './state.ts'

/** An approval as it is kept. Times are milliseconds since 1970, UTC. */
export interface Approval {
  readonly number: number
  readonly id: string
  readonly run: string
  /** Key of the task that asks. */
  readonly task: string
  /** The pipeline that asks. */
  readonly namespace: string
  readonly name: string
  readonly definitionVersion: string
  readonly status: ApprovalStatus
  readonly openedAt: number
  readonly decidedAt?: number
  /** How often it was changed: who changes it says what it was. */
  readonly version: number
  readonly request: ApprovalRequest
  readonly state: ApprovalState
}

/** Something that happened to an approval. */
export interface ApprovalEvent {
  readonly at: number
  readonly kind:
    | 'opened'
    | 'claimed'
    | 'released'
    | 'voted'
    | 'approved'
    | 'rejected'
    | 'changes-requested'
    | 'reassigned'
    | 'reminded'
    | 'escalated'
    | 'expired'
    | 'withdrawn'
  /** Who did it; nobody, where it was the time. */
  readonly subject?: string
  readonly data: Json
}

const columns = `number, id, run, task, namespace, name, definition_version, status, opened_at, decided_at, version,
  request, state`

export type NewApproval = Omit<Approval, 'number' | 'status' | 'version' | 'decidedAt'>

/** One that is there already, of the same task of the same run, stays as it is. */
export function insertApproval(approval: NewApproval): Statement {
  const { id, run, task, namespace, name, definitionVersion, openedAt, request, state } = approval
  return {
    sql: `INSERT INTO approvals (id, run, task, namespace, name, definition_version, title, status, opened_at,
        deadline, next_due, version, request, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
    parameters: [
      id,
      run,
      task,
      namespace,
      name,
      definitionVersion,
      request.title,
      statusOf(state),
      openedAt,
      state.deadline ?? null,
      nextDue(state),
      JSON.stringify(request),
      JSON.stringify(state),
    ],
  }
}

/** Fails as a whole where somebody changed it since it was read. */
export function updateApproval({ id, version }: Approval, state: ApprovalState): Statement {
  return {
    sql: `UPDATE approvals SET status = ?, deadline = ?, next_due = ?, decided_at = ?, version = version + 1, state = ?
      WHERE id = ? AND version = ?`,
    parameters: [
      statusOf(state),
      state.deadline ?? null,
      nextDue(state),
      state.outcome?.at ?? null,
      JSON.stringify(state),
      id,
      version,
    ],
    expect: 1,
  }
}

export function insertEvent(approval: string, { at, kind, subject, data }: ApprovalEvent): Statement {
  return {
    sql: 'INSERT INTO approval_events (approval, at, kind, subject, data) VALUES (?, ?, ?, ?, ?)',
    parameters: [approval, at, kind, subject ?? null, JSON.stringify(data)],
  }
}

export async function findApproval(database: Database, id: string): Promise<Approval | undefined> {
  const [row] = await database.query(`SELECT ${columns} FROM approvals WHERE id = ?`, [id])
  return row && approvalOf(row)
}

/** Throws `SLUSE-APPROVAL-NOT-FOUND`. */
export async function getApproval(database: Database, id: string): Promise<Approval> {
  const found = await findApproval(database, id)
  if (!found) throw new SluseError('SLUSE-APPROVAL-NOT-FOUND', `(${id})`)
  return found
}

export async function approvalOfTask(
  database: Database,
  run: string,
  task: string,
): Promise<Approval | undefined> {
  const [row] = await database.query(`SELECT ${columns} FROM approvals WHERE run = ? AND task = ?`, [
    run,
    task,
  ])
  return row && approvalOf(row)
}

export interface ApprovalFilter {
  readonly statuses?: readonly ApprovalStatus[]
  readonly namespaces?: readonly string[]
  /** Only those that this run asked for. */
  readonly run?: string
  /** Only those in which this person did something. */
  readonly actor?: string
  /** Those after this number; with `newest` those before it. */
  readonly cursor?: number
  readonly newest: boolean
  readonly limit: number
}

export async function listApprovals(database: Database, filter: ApprovalFilter): Promise<Approval[]> {
  const conditions: string[] = []
  const parameters: SqlValue[] = []
  const among = (column: string, values: readonly string[]) => {
    conditions.push(`${column} IN (${values.map(() => '?').join(', ')})`)
    parameters.push(...values)
  }
  if (filter.statuses) among('status', filter.statuses)
  if (filter.namespaces) among('namespace', filter.namespaces)
  if (filter.run !== undefined) among('run', [filter.run])
  if (filter.actor !== undefined) {
    conditions.push('id IN (SELECT approval FROM approval_events WHERE subject = ?)')
    parameters.push(filter.actor)
  }
  if (filter.cursor !== undefined) {
    conditions.push(`number ${filter.newest ? '<' : '>'} ?`)
    parameters.push(filter.cursor)
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
  const rows = await database.query(
    `SELECT ${columns} FROM approvals ${where} ORDER BY number ${filter.newest ? 'DESC' : 'ASC'} LIMIT ?`,
    [...parameters, filter.limit],
  )
  return rows.map(approvalOf)
}

export async function eventsOf(database: Database, approval: string): Promise<ApprovalEvent[]> {
  const rows = await database.query<{ at: number; kind: string; subject: string | null; data: string }>(
    'SELECT at, kind, subject, data FROM approval_events WHERE approval = ? ORDER BY number LIMIT 1000',
    [approval],
  )
  return rows.map(({ at, kind, subject, data }) => ({
    at,
    kind: kind as ApprovalEvent['kind'],
    ...(subject !== null && { subject }),
    data: JSON.parse(data) as Json,
  }))
}

/** Those in which something is to happen by now, the longest overdue first. */
export async function dueApprovals(database: Database, now: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    'SELECT id FROM approvals WHERE next_due <= ? ORDER BY next_due LIMIT 100',
    [now],
  )
  return rows.map(({ id }) => id)
}

export async function nextDueOfAll(database: Database): Promise<number | undefined> {
  const [row] = await database.query<{ due: number | null }>('SELECT min(next_due) AS due FROM approvals')
  return row?.due ?? undefined
}

function approvalOf(row: Row): Approval {
  const decided = row.decided_at as number | null
  return {
    number: row.number as number,
    id: row.id as string,
    run: row.run as string,
    task: row.task as string,
    namespace: row.namespace as string,
    name: row.name as string,
    definitionVersion: row.definition_version as string,
    status: row.status as ApprovalStatus,
    openedAt: row.opened_at as number,
    ...(decided !== null && { decidedAt: decided }),
    version: row.version as number,
    request: JSON.parse(row.request as string) as ApprovalRequest,
    state: JSON.parse(row.state as string) as ApprovalState,
  }
}
