import type { Row, SqlValue } from '../database/index.ts'
import type { Problem } from '../workflow/index.ts'
import type { RunQuery, RunStatus, RunSummary, RunWait } from './history.ts'

const columns = [
  'runs.number',
  'runs.id',
  'runs.namespace',
  'runs.name',
  'runs.version',
  'runs.status',
  'runs.started_at',
  'runs.ended_at',
  'runs.started_by',
  'runs.rerun_of',
  'runs.labels',
  'runs.error',
  'stuck_runs.since AS stuck_since',
  'stuck_runs.reason AS stuck_reason',
  'stuck_runs.detail AS stuck_detail',
]

/**
 * The statement that finds runs, newest first, with one more than `limit` so that the caller sees whether there is
 * a further page.
 */
export function runQuery(
  query: RunQuery,
  only?: { id: string },
): { sql: string; parameters: SqlValue[]; limit: number } {
  const { conditions, parameters } = conditionsOf(query, only)
  const limit = Math.min(Math.max(Math.trunc(query.limit ?? 50), 1), 500)
  const newest = `ORDER BY runs.number DESC LIMIT ${limit + 1}`
  const where = (all: readonly string[]) => (all.length > 0 ? `WHERE ${all.join(' AND ')}` : '')
  const statuses = [...new Set(query.status)]
  // The newest of each status are found by the index; together they would have to be sorted, all of them.
  const found = `SELECT * FROM (SELECT * FROM runs ${where(['runs.status = ?', ...conditions])} ${newest}) AS found`
  const from =
    statuses.length > 0
      ? { runs: `(${statuses.map(() => found).join(' UNION ALL ')}) AS runs`, where: '' }
      : { runs: 'runs', where: where(conditions) }
  return {
    sql: `SELECT ${columns.join(', ')}, parents.id AS parent_id
      FROM ${from.runs} LEFT JOIN runs AS parents ON parents.number = runs.parent
        LEFT JOIN stuck_runs ON stuck_runs.run = runs.number AND runs.ended_at IS NULL ${from.where} ${newest}`,
    parameters: statuses.length > 0 ? statuses.flatMap((status) => [status, ...parameters]) : parameters,
    limit,
  }
}

function conditionsOf(query: RunQuery, only: { id: string } | undefined) {
  const conditions: string[] = []
  const parameters: SqlValue[] = []
  const where = (condition: string, ...values: SqlValue[]) => {
    conditions.push(condition)
    parameters.push(...values)
  }
  if (only) where('runs.id = ?', only.id)
  if (query.namespace !== undefined) where('runs.namespace = ?', query.namespace)
  if (query.namespaces !== undefined) {
    const places = query.namespaces.map(() => '?').join(', ')
    where(`runs.namespace IN (${places})`, ...query.namespaces)
  }
  if (query.name !== undefined) where('runs.name = ?', query.name)
  if (query.version !== undefined) where('runs.version = ?', query.version)
  // `+`: not by the index on this column, because then all of the time would have to be sorted for one page.
  if (query.from !== undefined) where('+runs.started_at >= ?', millisecondsOf(query.from))
  if (query.to !== undefined) where('+runs.started_at < ?', millisecondsOf(query.to))
  if (query.parent !== undefined) where('runs.parent = (SELECT number FROM runs WHERE id = ?)', query.parent)
  if (query.correlation !== undefined) {
    where(
      `runs.number IN (SELECT number FROM runs WHERE idempotency_key = ?
         UNION SELECT run FROM waits WHERE hint = ? AND type IS NOT NULL)`,
      query.correlation,
      query.correlation,
    )
  }
  if (query.stuck === true) where('runs.ended_at IS NULL AND runs.number IN (SELECT run FROM stuck_runs)')
  if (query.text !== undefined && query.text !== '') {
    const pattern = `%${query.text.replace(/[\\%_]/g, '\\$&')}%`
    const searched = ['runs.id', 'runs.name', 'runs.labels', 'runs.error']
    where(
      `(${searched.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`,
      ...searched.map(() => pattern),
    )
  }
  if (query.cursor !== undefined) where('runs.number < ?', numberOf(query.cursor))
  return { conditions, parameters }
}

export function toSummary(row: Row): RunSummary {
  const text = (column: string) => (row[column] as string | null) ?? undefined
  const ended = row.ended_at as number | null
  const by = text('started_by')
  const parent = text('parent_id')
  const rerunOf = text('rerun_of')
  const error = text('error')
  const stuckSince = row.stuck_since as number | null
  return {
    id: row.id as string,
    definition: {
      namespace: row.namespace as string,
      name: row.name as string,
      version: row.version as string,
    },
    status: row.status as RunStatus,
    startedAt: new Date(row.started_at as number).toISOString(),
    ...(ended === null ? {} : { endedAt: new Date(ended).toISOString() }),
    ...(by === undefined ? {} : { by }),
    ...(parent === undefined ? {} : { parent }),
    ...(rerunOf === undefined ? {} : { rerunOf }),
    labels: JSON.parse(text('labels') ?? '{}') as RunSummary['labels'],
    ...(error === undefined ? {} : { error: JSON.parse(error) as Problem }),
    ...(stuckSince === null
      ? {}
      : {
          stuck: {
            since: new Date(stuckSince).toISOString(),
            reason: row.stuck_reason as string,
            detail: row.stuck_detail as string,
          },
        }),
  }
}

export type WaitRow = { key: string; kind: string; due: number | null; type: string | null; hint: string }

export function toWait({ key, kind, due, type, hint }: WaitRow): RunWait {
  switch (kind) {
    case 'timer':
      return { key, kind: 'time', ...(due !== null && { until: new Date(due).toISOString() }) }
    case 'gate':
      return { key, kind: 'target', target: hint }
    case 'child':
      return { key, kind: 'run' }
    default:
      return { key, kind: 'event', ...(type !== null && type !== '' && { type }) }
  }
}

/** A time or a cursor that cannot be read finds nothing rather than everything. */
function millisecondsOf(time: string): number {
  const parsed = Date.parse(time)
  return Number.isNaN(parsed) ? -1 : parsed
}

function numberOf(cursor: string): number {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : -1
}
