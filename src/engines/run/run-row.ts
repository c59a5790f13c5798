import type { SqlValue } from '../../database/index.ts'
import type { RunStatus } from '../../history/index.ts'
import type { DefinitionReference } from '../engine.ts'
import type { Seal } from './seal.ts'

/** A row of the run index, as far as the engine reads it. */
export interface RunRow {
  /** Names the run within the database; `id` does outside. */
  readonly number: number
  readonly id: string
  readonly reference: DefinitionReference
  /** Of the definition's text. */
  readonly digest: string
  readonly status: RunStatus
  readonly startedAt: number
  readonly by: string | undefined
  readonly parent: number | undefined
  readonly parentKey: string | undefined
  /** How many runs are above it. */
  readonly depth: number
  readonly rerunOf: string | undefined
  readonly schedule: number | undefined
  readonly idempotencyKey: string | undefined
  readonly labels: { readonly [name: string]: string } | undefined
  /** Events of the inbox from this number on came after the run's start. */
  readonly firstEvent: number
  readonly seal: Seal | undefined
}

export const runColumns = [
  'number',
  'id',
  'namespace',
  'name',
  'version',
  'digest',
  'status',
  'active',
  'started_at',
  'started_by',
  'parent',
  'parent_key',
  'depth',
  'rerun_of',
  'schedule',
  'idempotency_key',
  'labels',
  'first_event',
  'seal',
] as const

/** A new run's row: it is active until it parks or ends. */
export function toColumns(run: RunRow): SqlValue[] {
  const { namespace, name, version } = run.reference
  return [
    run.number,
    run.id,
    namespace,
    name,
    version,
    run.digest,
    run.status,
    1,
    run.startedAt,
    run.by ?? null,
    run.parent ?? null,
    run.parentKey ?? null,
    run.depth,
    run.rerunOf ?? null,
    run.schedule ?? null,
    run.idempotencyKey ?? null,
    run.labels ? JSON.stringify(run.labels) : null,
    run.firstEvent,
    run.seal ? JSON.stringify(run.seal) : null,
  ]
}

export const selectRun = `SELECT ${runColumns.join(', ')} FROM runs`

export function fromColumns(row: { readonly [column: string]: SqlValue }): RunRow {
  const text = (column: string) => (row[column] as string | null) ?? undefined
  const number = (column: string) => (row[column] as number | null) ?? undefined
  const json = (column: string): unknown => {
    const value = text(column)
    return value === undefined ? undefined : JSON.parse(value)
  }
  return {
    number: row.number as number,
    id: row.id as string,
    reference: {
      namespace: row.namespace as string,
      name: row.name as string,
      version: row.version as string,
    },
    digest: row.digest as string,
    status: row.status as RunStatus,
    startedAt: row.started_at as number,
    by: text('started_by'),
    parent: number('parent'),
    parentKey: text('parent_key'),
    depth: row.depth as number,
    rerunOf: text('rerun_of'),
    schedule: number('schedule'),
    idempotencyKey: text('idempotency_key'),
    labels: json('labels') as RunRow['labels'],
    firstEvent: row.first_event as number,
    seal: json('seal') as Seal | undefined,
  }
}

export function isOver(status: RunStatus): boolean {
  return status === 'completed' || status === 'faulted' || status === 'cancelled'
}
